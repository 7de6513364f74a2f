// The main way through the web app in a real browser: sign in, search a household, the map, the plan, the other language.
//
// Environment: ANJU_URL, ANJU_USER, ANJU_PASSWORD; ANJU_NEW_PASSWORD for a first sign-in; those of browser.mjs.
// Prints a line a step and "N passed, N failed"; exit code 1 on failure.

import { expect, open, signIn } from './browser.mjs';

const url = process.env.ANJU_URL ?? 'http://127.0.0.1:8080';
const name = process.env.ANJU_USER ?? 'admin';
const first = process.env.ANJU_PASSWORD ?? '';
const next = process.env.ANJU_NEW_PASSWORD ?? `${first}-changed`;

const { page, troubles, picture, step, close } = await open(() => [url]);

await step('the sign-in page refuses a wrong password', async () => {
  await page.goto(url);
  await page.locator('[data-testid=sign-in] input').first().fill(name);
  await page.locator('[data-testid=sign-in] input[type=password]').fill('certainly wrong');
  await page.keyboard.press('Enter');
  await page.locator('.ant-alert-error').waitFor();
  // The browser itself reports the 401; that is what was asked for here.
  troubles.length = 0;
});
await step('signing in leads to the start page', async () => {
  await signIn(page, url, name, first, next);
  troubles.length = 0;
  await picture('start');
});
let number = '';
await step('the register lists households', async () => {
  await page.locator('[data-testid=nav-register]').first().click();
  const row = page.locator('[data-testid=household]');
  await row.first().waitFor();
  number = (await row.nth(3).textContent()) ?? '';
  expect((await row.count()) > 20, 'too few households on the page');
  await picture('register');
});
await step('a household is found by its number and opens', async () => {
  await page.locator('input[data-testid=search], [data-testid=search] input').first().fill(number);
  await page.waitForFunction((wanted) => {
    const rows = [...document.querySelectorAll('[data-testid=household]')];
    return rows.length >= 1 && rows.length < 20 && rows[0].textContent === wanted;
  }, number);
  await page.locator('[data-testid=household]').first().click();
  await page.locator('[data-testid=household-page]').waitFor();
  expect((await page.locator('[data-testid=household-page]').textContent())?.includes(number), 'another household opened');
  await picture('household');
});
await step('the look-back worklist shows items with their explanation', async () => {
  await page.locator('[data-testid=nav-lookback]').first().click();
  await page.locator('[data-testid=lookback] .ant-table-row').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.locator('.ant-drawer-body .facts').waitFor();
  await picture('lookback');
  await page.keyboard.press('Escape');
});
await step('the map draws relief, candidates and the plan', async () => {
  await page.locator('[data-testid=nav-map]').first().click();
  await page.locator('[data-testid=map][data-idle=true]').waitFor();
  expect((await page.locator('[data-testid=map-page] .ant-table-row').count()) > 5, 'no candidates beside the map');
  await picture('map');
});
await step('a candidate chosen in the table shows its verdicts', async () => {
  await page.locator('[data-testid=map-page] .ant-table-row').first().click();
  await page.locator('[data-testid=candidate]').waitFor();
  expect((await page.locator('[data-testid=candidate] .ant-table-row').count()) > 3, 'no verdict per layer');
  await page.waitForTimeout(2500);
  await picture('candidate');
});
await step('the plan shows its totals, charts and sites', async () => {
  await page.locator('[data-testid=nav-plan]').first().click();
  await page.locator('[data-testid=placed]').waitFor();
  expect(Number.parseInt(((await page.locator('[data-testid=placed]').textContent()) ?? '').replaceAll(',', ''), 10) > 100, 'nobody is placed');
  await page.locator('[data-testid=plan] svg').first().waitFor();
  expect((await page.locator('[data-testid=plan] .ant-table-row').count()) > 3, 'no sites');
  await picture('plan');
});
await step('identification takes in the households and passes a step', async () => {
  await page.locator('[data-testid=nav-identification]').first().click();
  await page.locator('[data-testid=open-cases]').click();
  await page.locator('.ant-modal .ant-btn-primary').click();
  await page.locator('[data-testid=identification] .ant-table-row').first().waitFor();
  await page.locator('[data-testid=identification] .ant-table-row .ant-checkbox-input').first().check();
  await page.locator('[data-testid=pass]').click();
  await page.locator('[data-testid=meeting-place]').fill('村委会会议室');
  const vote = page.locator('.ant-modal .ant-input-number-input');
  for (const [place, votes] of ['30', '22', '18', '3', '1'].entries()) await vote.nth(place).fill(votes);
  await page.locator('.ant-modal .ant-btn-primary').click();
  await page.locator('[data-testid=step-cross_match] b', { hasText: /^1$/ }).waitFor();
  await picture('identification');
});
await step('a household card is printed and the publicity desk opens', async () => {
  const first = await page.evaluate(async () => {
    const { items } = await (await fetch('/api/v1/register/households?limit=1')).json();
    const card = await fetch(`/api/v1/register/households/${items[0].id}/card.pdf`);
    return (await card.text()).slice(0, 5);
  });
  expect(first === '%PDF-', `the card begins with ${first}`);
  await page.locator('[data-testid=nav-publicity]').first().click();
  await page.locator('[data-testid=publicity]').waitFor();
  await picture('publicity');
});
await step('jobs, ledger, users, rosters and amendments open', async () => {
  for (const place of ['jobs', 'ledger', 'users', 'rosters', 'amendments']) {
    await page.locator(`[data-testid=nav-${place}]`).first().click();
    await page.locator(`[data-testid=${place}]`).waitFor();
    await picture(place);
  }
});
await step('the ledger proves its newest entry', async () => {
  await page.locator('[data-testid=nav-ledger]').first().click();
  await page.locator('[data-testid=ledger] .ant-table-row .ant-btn-link').first().click();
  const proof = page.locator('[data-testid=proof]');
  await proof.waitFor();
  expect(((await proof.textContent()) ?? '').includes('"index":'), 'the proof shows no leaf');
  await picture('proof');
  await page.locator('.ant-drawer-close').first().click();
  await proof.waitFor({ state: 'hidden' });
});
await step('an entry shows what it changed, and one checkpoint extends another', async () => {
  await page.locator('[data-testid=nav-ledger]').first().click();
  await page.locator('[data-testid=entry]').first().click();
  await page.locator('[data-testid=entry-page] [data-testid=proof]').waitFor();
  await picture('entry');
  await page.locator('[data-testid=nav-ledger]').first().click();
  await page.locator('[data-testid=ledger] .ant-tabs-tab').nth(1).click();
  const boxes = page.locator('[data-testid=checkpoints] .ant-table-row .ant-checkbox-input');
  await boxes.nth(0).check();
  await boxes.nth(2).check();
  await page.locator('[data-testid=growth]').waitFor();
  await picture('checkpoints');
});
await step('a user is added, found, edited and closed, and the rights are a table', async () => {
  await page.locator('[data-testid=nav-users]').first().click();
  await page.locator('[data-testid=add-user]').click();
  const form = page.locator('.ant-modal:visible');
  await form.locator('#name').fill('li');
  await form.locator('#display_name').fill('李四');
  await form.locator('#area').click();
  const county = page.locator('.ant-select-tree-node-content-wrapper', { hasText: '安澜县' });
  await county.waitFor();
  expect(await page.locator('.ant-select-tree-treenode-disabled', { has: county }).count() === 1, 'a township officer may have the county');
  await page.locator('.ant-select-tree-node-content-wrapper', { hasText: '澜城镇' }).click();
  await form.locator('input[type=password]').fill('first password');
  await form.locator('.ant-btn-primary').click();
  await form.waitFor({ state: 'hidden' });
  await page.locator('[data-testid=search-users] input, input[data-testid=search-users]').first().fill('li');
  await page.locator('[data-testid=more-li]').click();
  await picture('users');
  await page.locator('.ant-dropdown-menu-item-danger').click();
  await page.locator('.ant-modal-confirm .ant-btn-primary').click();
  await page.locator('[data-testid=users] .ant-table-row .ant-tag', { hasText: '已停用' }).waitFor();
  await page.locator('[data-testid=users] .ant-tabs-tab').nth(1).click();
  await page.locator('[data-testid=rights] .ant-table-row').first().waitFor();
  expect((await page.locator('[data-testid=rights] .ant-table-row').count()) > 12, 'the table of rights is short');
  await picture('rights');
});
await step('the language switches to English and back', async () => {
  await page.locator('[data-testid=nav-plan]').first().click();
  await page.getByText('EN', { exact: true }).click();
  await page.getByText('Concentration rate').first().waitFor();
  await picture('plan-english');
  await page.getByText('中文', { exact: true }).click();
  await page.getByText('集中安置率').first().waitFor();
});
await step('the pages work on a phone', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [place, mark] of [['/', 'start'], ['/register', 'register'], ['/plan', 'plan']]) {
    await page.goto(url + place);
    await page.locator(`[data-testid=${mark}]`).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth + 1), `${place} is wider than the screen`);
    await picture(`phone-${mark}`);
  }
});
await step('no request left the machine and nothing was reported as an error', async () => {
  expect(troubles.length === 0, troubles.slice(0, 5).join('; '));
});

await close();

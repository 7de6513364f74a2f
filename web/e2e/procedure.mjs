// One household's way through the whole procedure in a real browser: application, votes, notices with an objection,
// township, county, announcement, roster, amendment. Nine people act, each signed in with their own role and area; the
// clock is moved on by `faketime`, since a notice hangs for days.
//
// Environment: ANJU_PROGRAM, ANJU_WORKSPACE (changed by the test), ANJU_PASSWORD (the administrator's first); those of
// browser.mjs. Prints a line a step and "N passed, N failed"; exit code 1 on failure.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { expect, open, signIn } from './browser.mjs';

const program = process.env.ANJU_PROGRAM ?? 'anju';
const workspace = process.env.ANJU_WORKSPACE ?? '';
const first = process.env.ANJU_PASSWORD ?? '';
const DAY = 24 * 3600e3;

let server;
let url = '';
let ahead = 0;
let present = '';

const { context, page, troubles, picture, step, close } = await open(() => [url]);

const runs = () => server !== undefined && server.exitCode === null && server.signalCode === null;
async function stop() {
  if (!runs()) return;
  // faketime starts the program as a process of its own: both are told, and both have ended when their output is closed.
  const ended = once(server, 'close');
  process.kill(-server.pid, 'SIGTERM');
  await ended;
}

/** Starts the program with its clock, and the browser's, some days ahead. */
async function serve(days) {
  await stop();
  ahead = days;
  // Sessions end after hours.
  present = '';
  server = spawn('faketime', ['-m', '--exclude-monotonic', '-f', `+${days}d`, program, '--workspace', workspace, '--json', 'serve', '--port', '0'], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: server.stdout });
  const [line] = await Promise.race([once(lines, 'line'), once(server, 'exit').then(() => { throw new Error('the server ended at once'); })]);
  url = JSON.parse(line).url;
  // Pages that are opened from now on see the same day.
  await context.addInitScript((milliseconds) => {
    const Real = globalThis.RealDate ?? Date;
    globalThis.RealDate = Real;
    globalThis.Date = class extends Real {
      constructor(...parts) {
        if (parts.length === 0) super(Real.now() + milliseconds);
        else super(...parts);
      }

      static now() {
        return Real.now() + milliseconds;
      }
    };
  }, days * DAY);
}
process.on('exit', () => { if (runs()) process.kill(-server.pid, 'SIGKILL'); });

const day = () => new Date(Date.now() + ahead * DAY + 8 * 3600e3).toISOString().slice(0, 10);

/** Who acts: sign-in name, name shown, role and area; the areas are filled in when the household is chosen. */
const people = {
  admin: { password: first },
  zhou: { display: '周村文书', role: '村干部' },
  zhao: { display: '赵专干', role: '乡镇干部' },
  qian: { display: '钱主任', role: '乡镇干部' },
  sun: { display: '孙科员', role: '县搬迁办' },
  li: { display: '李副主任', role: '县搬迁办' },
  wu: { display: '吴督查', role: '督查人员' },
  zheng: { display: '郑部门', role: '部门用户', department: '乡村振兴' },
  feng: { display: '冯评估', role: '第三方评估人员' },
};

/** The person sits down at the browser: whoever was there signs out first. */
async function as(name) {
  if (present === name) return;
  if (present) {
    await shut();
    await page.locator('[aria-label=退出]').click();
    await page.locator('[data-testid=sign-in]').waitFor();
  }
  const person = people[name];
  const next = `${name} 的新密码 2026`;
  await signIn(page, present ? null : url, name, person.password ?? `${name} first password`, next);
  person.password = next;
  present = name;
}

const read = (path) => page.evaluate(async (address) => (await fetch(`/api/v1${address}`)).json(), path);
/** Closes what lies over the page. */
async function shut() {
  // Some close by themselves, when what they show has gone on; those cannot be clicked.
  while (await drawer().count() > 0) await drawer().last().locator('.ant-drawer-close').click({ timeout: 1000 }).catch(() => undefined);
}
/** Goes to a page by the navigation. */
async function go(place) {
  await shut();
  await page.locator(`[data-testid=nav-${place}]`).first().click();
}
const dialog = () => page.locator('.ant-modal:visible:not(.ant-modal-confirm)');
const drawer = () => page.locator('.ant-drawer-section:visible');
/** Chooses from a list of a form; a list that is still opening does not take a choice. */
async function choose(form, field, text) {
  await form.locator(`#${field}`).click();
  await page.locator('.ant-select-dropdown:visible:not([class*=ant-slide-up]) .ant-select-item-option', { hasText: text }).first().click();
  await page.locator('.ant-select-dropdown:visible').waitFor({ state: 'hidden' });
}
/** Chooses an area by its name, among those that may be chosen. */
async function area(form, name) {
  await form.locator('#area').click();
  await form.locator('#area').fill(name);
  await page.locator('.ant-select-tree-treenode:not(.ant-select-tree-treenode-disabled) .ant-select-tree-node-content-wrapper', { hasText: name }).first().click();
}
async function confirm(form) {
  await form.locator('.ant-btn-primary').last().click();
  await form.waitFor({ state: 'hidden' });
}

let house;

await step('the administrator signs in and adds eight users', async () => {
  await serve(0);
  await as('admin');
  // A household of the department's list that nobody has asked yet, with nothing open against it.
  const { items } = await read('/register/households?category=poverty&choice=undecided&open_items=false&limit=200');
  for (const row of items) {
    const verdict = await read(`/register/households/${row.id}/acceptance`);
    if (verdict.state !== 'accepted' || row.persons < 3 || !row.area_name.includes('村')) continue;
    house = { ...row, village: row.area_name.split(' ')[1], township: row.area_name.split(' ')[0] };
    break;
  }
  expect(house, 'no household fits');
  people.zhou.area = house.village;
  people.zhao.area = people.qian.area = house.township;
  people.sun.area = people.li.area = people.wu.area = people.zheng.area = people.feng.area = '安澜县';
  await go('users');
  for (const [name, { display, role, department, area: of }] of Object.entries(people)) {
    if (name === 'admin') continue;
    await page.locator('[data-testid=add-user]').click();
    const form = dialog();
    await form.locator('#name').fill(name);
    await form.locator('#display_name').fill(display);
    await choose(form, 'role', role);
    if (department) await choose(form, 'department', department);
    await area(form, of);
    await form.locator('input[type=password]').fill(`${name} first password`);
    if (name === 'zhou') await picture('procedure-add-user');
    await confirm(form);
  }
  await page.locator('[data-testid=users] .ant-table-row').nth(8).waitFor();
  await picture('procedure-users');
});

await step('the township officer finds the household and records its consent', async () => {
  await as('zhao');
  await picture('procedure-township-start');
  await openHousehold();
  await page.getByRole('tab', { name: '搬迁意愿' }).click();
  await page.locator('[data-testid=record-consent]').click();
  const form = drawer();
  await choose(form, 'choice', '同意搬迁');
  await choose(form, 'pathway', '集中安置');
  await form.locator('#date').fill(day());
  await page.keyboard.press('Enter');
  await form.locator('#evidence').fill('YY-2026-001');
  await picture('procedure-consent-form');
  await form.locator('[data-testid=save-consent]').click();
  await form.waitFor({ state: 'hidden' });
  await page.locator('[data-testid=household-consents] .ant-tag', { hasText: '现行' }).waitFor();
  await picture('procedure-consent');
});
await step('the village officer takes the application in', async () => {
  await as('zhou');
  await picture('procedure-village-start');
  await go('register');
  await page.locator('input[data-testid=search], [data-testid=search] input').first().fill(house.register_number);
  await page.locator('[data-testid=total]', { hasText: '共 1 户' }).waitFor();
  await page.locator('[data-testid=register] .ant-table-row .ant-checkbox-input').first().check();
  await page.locator('[data-testid=picked]').getByRole('button', { name: '发起认定' }).click();
  const form = dialog();
  await choose(form, 'form', '书面申请');
  await form.locator('#reference').fill('申请表 2026-017');
  await picture('procedure-application');
  await confirm(form);
  await go('identification');
  await page.locator('[data-testid=step-group_review] b', { hasText: /^1$/ }).waitFor();
  await picture('procedure-group-review');
});
/** Chooses the one case that waits, and what is done with it. */
async function decide(what) {
  await page.locator('[data-testid=identification] .ant-table-row .ant-checkbox-input').first().check();
  await page.locator(`[data-testid=${what}]`).click();
  return dialog();
}
/** Sends a form that is refused: the reason is shown, and what was typed stays. */
async function refused(form, reason) {
  await form.locator('.ant-btn-primary').last().click();
  const box = page.locator('.ant-modal-confirm', { hasText: reason });
  await box.waitFor();
  await picture('procedure-refused');
  await box.locator('.ant-btn').click();
  await box.waitFor({ state: 'hidden' });
}
const waitsFor = (at) => page.locator(`[data-testid=step-${at}] b`, { hasText: /^1$/ }).waitFor();
const openStep = (at) => page.locator(`[data-testid=step-${at}]`).click();
async function vote(form, figures) {
  await form.locator('[data-testid=meeting-place]').fill('村委会会议室');
  for (const [place, count] of figures.entries()) await form.locator('.ant-input-number-input').nth(place).fill(String(count));
}

await step('group review counts the votes, and a minority does not pass', async () => {
  const form = await decide('pass');
  await vote(form, [24, 20, 9, 8, 3]);
  await refused(form, '未过半数');
  await vote(form, [24, 20, 16, 3, 1]);
  await picture('procedure-vote');
  await confirm(form);
  await waitsFor('cross_match');
});
await step('the data match passes; the village meeting needs its quorum and the match read out', async () => {
  await openStep('cross_match');
  await confirm(await decide('pass'));
  await waitsFor('village_review');
  await openStep('village_review');
  const form = await decide('pass');
  await vote(form, [36, 20, 17, 2, 1]);
  await form.locator('[data-testid=read-out]').click();
  await refused(form, '不足法定的 24 人');
  await vote(form, [36, 30, 27, 2, 1]);
  await form.locator('[data-testid=read-out]').click();
  await refused(form, '宣读');
  await form.locator('[data-testid=read-out]').click();
  await picture('procedure-village-review');
  await confirm(form);
  await waitsFor('village_publicity');
});
/** Posts the list that is ready on the publicity desk. */
async function post(place, contact) {
  await go('publicity');
  await page.locator('[data-testid=post]').click();
  const form = dialog();
  await form.locator('#place').fill(place);
  await form.locator('#contact').fill(contact);
  await picture('procedure-post-form');
  await confirm(form);
  await page.locator('[data-testid=notice]').waitFor();
}
await step('the village posts a notice with its days, and an objection suspends the household', async () => {
  await as('zhou');
  await post('村委会公示栏', '村委会 0915-3000001');
  const until = new Date(Date.parse(day()) + 7 * DAY).toISOString().slice(0, 10);
  await page.locator('[data-testid=notice] dd', { hasText: `${day()} — ${until}` }).waitFor();
  expect(await page.locator('[data-testid=close-notice]').isDisabled(), 'a notice that runs can be closed');
  await picture('procedure-notice');
  await page.locator('[data-testid=object]').click();
  const form = dialog();
  await form.locator('#from').fill('何建国');
  await form.locator('#content').fill('该户在县城有房,请核实。');
  await picture('procedure-object');
  await confirm(form);
  await page.locator('[data-testid=notice] .ant-tag', { hasText: '异议中' }).waitFor();
  await picture('procedure-objected');
});
/** Opens what the start page says is waiting. */
async function waiting(key, more = '') {
  await go('start');
  await page.locator(`[data-testid=wait-${key}]`, { hasText: more }).click();
}
const row = (text = house.register_number) => page.locator('.ant-table-row', { hasText: text }).first();

await step('whoever took the objection down cannot answer it; the township does, and the household goes on', async () => {
  await shut();
  await page.getByRole('tab', { name: '异议' }).click();
  await row().click();
  await page.locator('.ant-drawer-body', { hasText: '何建国' }).waitFor();
  expect(await page.getByRole('button', { name: '不成立' }).count() === 0, 'the village may answer its own objection');
  await as('zhao');
  await waiting('objections');
  await row().click();
  await page.locator('.ant-drawer-body textarea').fill('经核实,该户在县城无房,异议不成立。');
  await picture('procedure-answer');
  await page.getByRole('button', { name: '不成立' }).click();
  await page.locator('.ant-drawer-body').waitFor({ state: 'hidden' });
  await page.locator('.ant-tabs-tab', { hasText: /^异议 0$/ }).waitFor();
});
/** Closes the notice that has run. */
async function closeNotice() {
  await waiting('notices_run');
  await row(house.village).or(row('安澜县')).first().click();
  await page.locator('[data-testid=close-notice]').click();
  await page.locator('[data-testid=notice] .ant-tag', { hasText: '已关闭' }).waitFor();
}
await step('eight days later everybody signs in anew and the village closes the notice', async () => {
  await serve(8);
  await as('zhou');
  await closeNotice();
  await page.locator('[data-testid=objections-to]', { hasText: '在县城无房' }).waitFor();
  await picture('procedure-closed');
});
await step('the township returns the household with a reason, and the village posts it again', async () => {
  await as('zhao');
  await waiting('cases', '乡镇审核');
  await row().waitFor();
  const form = await decide('return');
  await form.locator('.ant-btn-primary').last().click();
  await form.locator('.ant-form-item-explain-error').waitFor();
  await form.locator('#remark').fill('公示名单未张贴到村民小组,请重新公示。');
  await picture('procedure-return');
  await confirm(form);
  await waitsFor('village_publicity');
  await as('zhou');
  await waiting('cases', '村级公示');
  await row('退回').click();
  await page.locator('.ant-drawer-body', { hasText: '请重新公示' }).waitFor();
  await picture('procedure-returned');
  await shut();
  await post('村委会和村民小组公示栏', '村委会 0915-3000001');
});
await step('after the second notice the township passes the household', async () => {
  await serve(16);
  await as('zhou');
  await closeNotice();
  await as('zhao');
  await waiting('cases', '乡镇审核');
  await row().waitFor();
  const form = await decide('pass');
  await form.locator('#remark').fill('材料齐全,同意上报。');
  await confirm(form);
  await waitsFor('county_decision');
  await openStep('county_decision');
  await row().waitFor();
  expect(await page.locator('[data-testid=pass]').count() === 0, 'the township may take the step of the county');
});
await step('the county approves, posts its notice, closes it after its days and announces', async () => {
  await as('sun');
  await picture('procedure-county-start');
  await waiting('cases', '县级审批');
  await row().click();
  await page.locator('.ant-drawer-body', { hasText: '同意上报' }).waitFor();
  await picture('procedure-case');
  await drawer().getByRole('button', { name: '通 过' }).click();
  const form = dialog();
  await form.locator('#remark').fill('符合扶贫搬迁条件,同意认定。');
  await confirm(form);
  await waitsFor('county_publicity');
  await post('县政府网站', '县搬迁办 0915-3000000');
  await serve(24);
  await as('sun');
  await closeNotice();
  await shut();
  await page.getByRole('tab', { name: '待公示' }).click();
  await post('县政府网站', '县搬迁办 0915-3000000');
  await page.locator('[data-testid=notice] .ant-tag', { hasText: '已认定' }).waitFor();
  await picture('procedure-announced');
});
/** Drafts the roster of the village's identified households. */
async function draft(title) {
  await go('rosters');
  await page.locator('[data-testid=draft-roster]').click();
  const form = dialog();
  await form.locator('#title').fill(title);
  await choose(form, 'category', '扶贫搬迁');
  await area(form, house.village);
  await choose(form, 'identified', '是');
  await picture('procedure-draft');
  await confirm(form);
  await page.locator('[data-testid=roster]', { hasText: title }).waitFor();
}
let roster;
await step('the county drafts the roster from filters, and its maker cannot freeze it', async () => {
  await as('sun');
  await draft('2026 年扶贫搬迁名册');
  roster = page.url().split('/').at(-1);
  await page.locator('.ant-tabs-tab', { hasText: '新增户 (1)' }).waitFor();
  await row().waitFor();
  await page.getByText('没有上一版').waitFor();
  const freeze = page.locator('[data-testid=freeze]');
  expect(await freeze.isDisabled() && await freeze.getAttribute('title') === '须由编制人以外的人核定', 'the maker is offered to freeze the roster');
  await picture('procedure-drafted');
  // The page offers no way; the server refuses too.
  const answer = await context.request.post(`${url}/api/v1/register/rosters/${roster}/freezing`, { data: { approver: '县政府', document: '1' }, headers: { 'if-match': '"1"' } });
  expect(answer.status() === 422 && (await answer.json()).code === 'same_person', `the server answers the maker ${answer.status()} ${await answer.text()}`);
});
await step('another person of the county compares and freezes it with the number of the document', async () => {
  await as('li');
  await waiting('rosters_draft');
  await row('2026 年扶贫搬迁名册').click();
  await page.locator('.ant-tabs-tab', { hasText: '新增户 (1)' }).waitFor();
  await page.locator('[data-testid=freeze]').click();
  const form = dialog();
  await form.locator('#approver').fill('安澜县人民政府');
  await form.locator('#document').fill('安政发〔2026〕18号');
  await picture('procedure-freeze');
  await confirm(form);
  await page.locator('[data-testid=roster] dd', { hasText: '安政发〔2026〕18号' }).waitFor();
  await picture('procedure-frozen');
});
/** Opens the household's page by its number. */
async function openHousehold() {
  await go('register');
  await page.locator('input[data-testid=search], [data-testid=search] input').first().fill(house.register_number);
  await page.locator('[data-testid=household]', { hasText: house.register_number }).click();
  await page.locator('[data-testid=household-page]').waitFor();
}
await step('the township asks for an amendment of a key fact with a reason and evidence', async () => {
  await as('zhao');
  await openHousehold();
  await page.locator('[data-testid=on-roster]', { hasText: '安政发〔2026〕18号' }).waitFor();
  await page.locator('[data-testid=ask-amendment]').click();
  const form = dialog();
  await choose(form, 'field', '现住房');
  await choose(form, 'home_grade', 'D');
  await form.locator('#reason').fill('9 月暴雨后墙体开裂,经鉴定为 D 级。');
  await form.locator('input[type=file]').setInputFiles({ name: '房屋鉴定报告.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n%%EOF\n') });
  await picture('procedure-ask');
  await confirm(form);
  await page.locator('[data-testid=on-roster] [data-testid=change]').waitFor();
  await picture('procedure-asked');
  await go('amendments');
  await row().click();
  await page.locator('.ant-table-expanded-row', { hasText: '墙体开裂' }).waitFor();
  expect(await page.locator('.ant-table-expanded-row .ant-btn-primary').count() === 0, 'who asks may decide');
});
await step('another person of the township checks the amendment, and the county applies it', async () => {
  await as('qian');
  await waiting('amendments_check');
  await row().click();
  const shown = page.locator('.ant-table-expanded-row');
  await shown.locator('textarea').fill('已到户核实。');
  await picture('procedure-check');
  await shown.getByRole('button', { name: '乡镇审核通过' }).click();
  await page.getByText('没有变更').waitFor();
  await go('amendments');
  await page.locator('.ant-tag', { hasText: '乡镇已审核' }).waitFor();
  await shown.waitFor();
  expect(await page.getByRole('button', { name: '县级批准并执行' }).count() === 0, 'the township may apply the amendment');
  await as('li');
  await waiting('amendments_approve');
  await row().click();
  await shown.getByRole('button', { name: '县级批准并执行' }).click();
  await page.getByText('没有变更').waitFor();
  await go('amendments');
  await page.locator('.ant-tag', { hasText: '已执行' }).waitFor();
  await openHousehold();
  const change = page.locator('[data-testid=on-roster] [data-testid=change]');
  await change.scrollIntoViewIfNeeded();
  await picture('procedure-applied');
  expect((await change.locator('del').textContent()) !== '' && (await change.textContent()).includes('D'), 'the change shows no value before and after');
});
await step('a second version of the roster shows the household before and after', async () => {
  await as('sun');
  await draft('2026 年扶贫搬迁名册(二)');
  await page.locator('.ant-tabs-tab', { hasText: '变化户 (1)' }).waitFor();
  await page.locator('[data-testid=roster] .after', { hasText: 'D' }).waitFor();
  await picture('procedure-compared');
});
await step('an inspector sees masked data, unmasks for a stated purpose, and the ledger keeps that', async () => {
  await as('wu');
  await openHousehold();
  const whole = /\d{17}[\dX]/;
  const text = () => page.locator('[data-testid=household-page]').textContent();
  expect(!whole.test(await text()), 'an ID number is shown in full');
  for (const button of ['edit-household', 'ask-amendment', 'evidence-add']) expect(await page.locator(`[data-testid=${button}]`).count() === 0, `an inspector is offered ${button}`);
  await page.locator('[data-testid=unmask]').click();
  const form = dialog();
  await choose(form, 'purpose', '督查检查');
  await form.locator('#note').fill('抽查认定材料');
  await confirm(form);
  await page.locator('.ant-alert', { hasText: '正在显示未打掩码的个人信息' }).waitFor();
  expect(whole.test(await text()), 'nothing was unmasked');
  await picture('procedure-unmasked');
  await go('ledger');
  await page.locator('[data-testid=kind]').click();
  await page.keyboard.insertText('查看完整信息');
  await page.locator('.ant-select-dropdown:visible .ant-select-item-option', { hasText: '查看完整信息' }).click();
  await row('抽查认定材料').waitFor();
  expect((await row('抽查认定材料').textContent()).includes('wu'), 'the ledger names somebody else');
  await picture('procedure-unmasking');
  await row('抽查认定材料').locator('[data-testid=entry]').click();
  await page.locator('[data-testid=entry-page]').getByRole('link', { name: '查看该户' }).click();
  await page.locator('[data-testid=household-page]', { hasText: house.register_number }).waitFor();
});
await step('the ledger proves the county\'s decision, and the proof holds without the program', async () => {
  await openHousehold();
  await page.getByRole('link', { name: '认定经过的账本记录和证明' }).click();
  await row('同意认定').locator('[data-testid=entry]').click();
  const proof = page.locator('[data-testid=entry-page] [data-testid=proof]');
  await proof.waitFor();
  expect((await proof.textContent()).includes('take_step'), 'the leaf names another command');
  await picture('procedure-entry');
  await proof.scrollIntoViewIfNeeded();
  await picture('procedure-proof');
  const saving = page.waitForEvent('download');
  await proof.locator('.ant-btn-primary').click();
  const file = await (await saving).path();
  const checked = spawnSync('python3', [new URL('../../docs/verify.py', import.meta.url).pathname, join(workspace, 'ledger.pub'), file], { encoding: 'utf8' });
  expect(checked.status === 0, checked.stdout + checked.stderr);
});
await step('a department and an evaluator see the register and the frozen roster, and nothing of the office\'s own', async () => {
  for (const name of ['zheng', 'feng']) {
    await as(name);
    for (const place of ['lookback', 'ledger', 'users', 'bulk']) expect(await page.locator(`[data-testid=nav-${place}]`).count() === 0, `${name} is offered ${place}`);
    await openHousehold();
    for (const button of ['unmask', 'edit-household', 'ask-amendment', 'evidence-add']) expect(await page.locator(`[data-testid=${button}]`).count() === 0, `${name} is offered ${button}`);
    await picture(`procedure-${name}`);
    await go('identification');
    await openStep('announced');
    await row().waitFor();
    expect(await page.locator('[data-testid=open-cases]').count() === 0, `${name} is offered to open cases`);
    await go('rosters');
    await row('安政发〔2026〕18号').waitFor();
    expect(await page.locator('[data-testid=rosters] .ant-table-row').count() === 1, `${name} sees a draft`);
    await page.goto(`${url}/ledger`);
    await page.locator('.ant-alert-error').waitFor();
    await picture(`procedure-${name}-refused`);
  }
});
await step('no request left the machine, and nothing but refused addresses was reported as an error', async () => {
  const other = troubles.filter((trouble) => !/status of (401|403)/.test(trouble));
  expect(other.length === 0, other.slice(0, 5).join('; '));
});

await stop();
await close();

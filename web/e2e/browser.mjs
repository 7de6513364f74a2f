// A real browser for the tests in this folder: started with a fresh profile, watched for errors and for requests that
// leave the machine; steps are counted and end in "N passed, N failed".
//
// Environment: SCREENSHOT_DIR for pictures; CHROMIUM for another browser than Debian's.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const pictures = process.env.SCREENSHOT_DIR;

/** Fails the step when `fact` does not hold. */
export function expect(fact, what) {
  if (!fact) throw new Error(what);
}

/** Opens a browser; `origins` are the addresses it may speak to. */
export async function open(origins) {
  const profile = mkdtempSync(join(tmpdir(), 'anju-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    viewport: { width: 1366, height: 768 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(60_000);
  const troubles = [];
  page.on('console', (message) => { if (message.type() === 'error') troubles.push(`console: ${message.text()}`); });
  page.on('pageerror', (error) => troubles.push(`page: ${error.message}`));
  page.on('request', (request) => {
    const address = request.url();
    if (!origins().some((origin) => address.startsWith(origin)) && !/^(data|blob):/.test(address)) troubles.push(`request left the machine: ${address}`);
  });
  let passed = 0;
  let failed = 0;
  const picture = async (file) => {
    if (!pictures) return;
    await page.waitForTimeout(800);
    await page.screenshot({ path: join(pictures, `${file}.png`) });
  };
  return {
    context,
    page,
    troubles,
    picture,
    /** Runs a step; after a failure the steps that follow are not run, since each builds on the one before. */
    async step(what, run) {
      if (failed > 0) return;
      try {
        await run();
        passed += 1;
        console.log(`ok    ${what}`);
      } catch (error) {
        failed += 1;
        console.log(`FAILED ${what}: ${error.message}`);
        await picture('failure');
      }
    },
    /** Prints the closing line and ends the process. */
    async close() {
      console.log(`${passed} passed, ${failed} failed`);
      await context.close();
      rmSync(profile, { recursive: true, force: true });
      process.exitCode = failed === 0 ? 0 : 1;
    },
  };
}

/** Signs in on the page at `url`, or on the one that is open, changing the first password to `next` when that is asked for. */
export async function signIn(page, url, name, password, next) {
  if (url) await page.goto(url);
  await page.locator('[data-testid=sign-in] input').first().fill(name);
  await page.locator('[data-testid=sign-in] input[type=password]').fill(password);
  await page.keyboard.press('Enter');
  await page.locator('[data-testid=new-password], [data-testid=start]').first().waitFor();
  if (await page.locator('[data-testid=new-password]').count()) {
    const fields = page.locator('[data-testid=new-password] input[type=password]');
    await fields.nth(0).fill(password);
    await fields.nth(1).fill(next);
    await page.keyboard.press('Enter');
  }
  await page.locator('[data-testid=start]').waitFor();
}

import { readFile } from 'node:fs/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { openBundle, replay } from '@bellwether/control-plane/rollouts/verdict/bundle-file';
import { startChromium } from '../support/chromium.js';
import { startServer, type TestServer } from '../support/server.js';
import { faintTexts, isTooWide, openPage, type WatchedPage } from '../support/watched-page.js';
import { WireDevice } from '../support/wire-device.js';

/** Rollouts as an open page sees them, on a real server; the page is never loaded again. The evidence is windows of three devices of the wire. */
let server: TestServer;
let browser: Browser;
let devices: WireDevice[];
let operator: WatchedPage;

const policy: RolloutPolicy = {
  version: 1,
  steps: [
    { cohort: { devices: 2 }, mode: 'split', share: 25 },
    { cohort: { percent: 100 }, mode: 'split', share: 50, approval: true },
    { cohort: { percent: 100 }, mode: 'full', share: 100 },
  ],
};
const clean = { stable: 1500, canary: 500, errors: { stable: 1, canary: 0 } };

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), startChromium()]);
  await server.publishDigits('1.0.0');
  await server.publishDigits('1.1.0');
  const enrolled = await Promise.all(['barn', 'harbour', 'mill'].map((name) => server.enrolled(name)));
  devices = await Promise.all(enrolled.map((device) => WireDevice.connect(device, server.keys)));
  await server.read('/rollouts', { release: 'digits@1.0.0', to: { all: true } });
  operator = await openPage(browser);
  await operator.page.goto(`${server.httpUrl}/#token=${server.operatorToken}`);
  await operator.page
    .getByRole('status')
    .filter({ hasText: /^live$/ })
    .waitFor();
});
afterAll(async () => {
  await Promise.all((devices ?? []).map((device) => device.stop()));
  await browser?.close();
  await server?.stop();
});

async function newest(): Promise<RolloutView> {
  const { rollouts } = await server.read<{ rollouts: RolloutView[] }>('/rollouts');
  const [rollout] = rollouts;
  if (rollout === undefined) throw new Error('there is no rollout');
  return rollout;
}

const section = (page: Page, title: string): Locator =>
  page.locator('section').filter({ has: page.getByRole('heading', { name: title }) });
const badge = (page: Page, text: string) => page.locator('#rollout-title .badge').filter({ hasText: text });
const step = (page: Page, number: number) =>
  section(page, 'Steps')
    .locator('li')
    .nth(number - 1);

/** Every device that has a canary says what its arms did. */
async function windows(calls: typeof clean): Promise<void> {
  await Promise.all(devices.filter(({ hasCanary }) => hasCanary).map((device) => device.window(calls)));
}

/** Holds the answer to the next request to this address back while `meanwhile` runs. */
async function answeredLate(page: Page, address: string, meanwhile: () => Promise<void>): Promise<void> {
  const answer = page.waitForResponse(address);
  const held = new Promise<() => Promise<void>>((resolve) => {
    void page.route(address, (route) => resolve(() => route.continue()), { times: 1 });
  });
  await meanwhile();
  await (await held)();
  await answer;
}

async function decide(page: Page, label: string, words: RegExp, why?: string): Promise<void> {
  await page.getByRole('button', { name: `${label} …` }).click();
  const question = page.getByRole('dialog');
  await question.filter({ hasText: words }).waitFor();
  if (why !== undefined) await question.getByLabel('Why').fill(why);
  await question.getByRole('button', { name: label }).click();
  await question.waitFor({ state: 'detached' });
}

describe('a new rollout', () => {
  it('is begun once one has seen what would come of it; what is wrong is said at its field', async () => {
    const { page } = operator;
    await expect.poll(async () => (await newest()).phase, { timeout: 30_000 }).toBe('done');
    await page.getByRole('navigation').getByRole('link', { name: 'Rollouts' }).click();
    await page.getByRole('link', { name: 'New rollout' }).click();
    const preview = async (wrong?: { readonly label: RegExp; readonly words: RegExp }) => {
      await page.getByRole('button', { name: 'Preview' }).click();
      if (wrong === undefined) return;
      const field = page.getByLabel(wrong.label);
      await field.and(page.locator('[aria-invalid="true"]:focus')).waitFor();
      expect(await page.locator(`#${await field.getAttribute('aria-describedby')}`).textContent()).toMatch(wrong.words);
    };
    await page.getByLabel(/^To/).fill('hardware');
    await preview({ label: /^To/, words: /\/to\/labels\/hardware.*body-invalid/ });
    await page.getByLabel(/^To/).fill('all');
    await page.getByText('3 of 3 devices').waitFor();
    // An answer that comes after another choice is about what nobody has chosen any more.
    await answeredLate(page, '**/rollouts/preview', async () => {
      await preview();
      await page.getByLabel(/^To/).fill('hardware=none');
    });
    await page.getByRole('button', { name: 'Preview', disabled: false }).waitFor();
    expect(await section(page, 'What would come of it').count()).toBe(0);
    await page.getByLabel(/^To/).fill('all');
    await page.getByText('3 of 3 devices').waitFor();
    await page.getByLabel(/^Policy/).selectOption('own');
    const text = page.getByLabel(/^The policy/);
    // To begin with it is the preset that was chosen before.
    await expect.poll(() => text.inputValue(), { timeout: 20_000 }).toMatch(/^version: 1\nsteps:\n.*mode: shadow/s);
    await text.fill('version: 1\nsteps: [');
    await preview({ label: /^The policy/, words: /Flow sequence.*policy/s });
    await text.fill('version: 1\nsteps: [{ cohort: { percent: 200 }, mode: split, share: 5 }]');
    await preview({ label: /^The policy/, words: /steps\/0\/cohort\/percent: must be <= 100/ });
    await text.fill('version: 1\nsteps: [{ cohort: { percent: 10 }, mode: split, share: 5 }]');
    await preview({ label: /^The policy/, words: /the last step must be full.*policy-impossible/ });
    await text.fill(JSON.stringify(policy));
    await preview();
    const shown = section(page, 'What would come of it');
    await shown.getByText('digits@1.1.0 by custom: 3 devices, 3 online now').waitFor();
    await shown
      .getByRole('row', { name: /1 · 25 % of the calls all others 2 [\d,]+ 0 \/ s come now no calls come/ })
      .waitFor();
    await shown.getByRole('rowheader', { name: '2 · 50 % of the calls needs an approval' }).waitFor();
    expect([await isTooWide(page), await faintTexts(page)]).toEqual([false, []]);
    // Another choice is another rollout: what was previewed is what begins.
    await page.getByLabel(/^Policy/).selectOption('direct');
    await shown.waitFor({ state: 'detached' });
    await preview();
    await shown.getByRole('button', { name: 'Start the rollout' }).click();
    await page.getByRole('dialog').filter({ hasText: 'nothing takes it back by itself' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel(/^Policy/).selectOption('own');
    await preview();
    await decide(
      page,
      'Start the rollout',
      /At once: 25 % of the calls on 2 devices.*3 devices in the end.*back by itself on harm/,
    );
    await page.getByRole('heading', { name: 'digits@1.1.0 rolling' }).waitFor();
    expect(await newest()).toMatchObject({ release: 'digits@1.1.0', to: { all: true }, policy: 'custom' });
  });
});

describe('a rollout on its way', () => {
  it('shows its step filling, both arms, the evidence against its limit and who waits for what, as they come', async () => {
    const { page } = operator;
    await step(page, 1).filter({ hasText: '25 % of the calls' }).filter({ hasText: '2 of 2 devices ready' }).waitFor();
    await step(page, 2)
      .filter({ hasText: '(ahead)' })
      .filter({ hasText: '3 devices' })
      .filter({ hasText: 'needs an approval' })
      .waitFor();
    await windows({ stable: 300, canary: 100, errors: { stable: 1, canary: 0 } });
    const arms = section(page, 'Both arms');
    await arms.getByRole('row', { name: 'calls 600 200' }).waitFor();
    await arms.getByRole('row', { name: 'errors 2 0.33 % 0 0.00 % 0.0 ×' }).waitFor();
    await page.locator('figure .legend').filter({ hasText: 'taken back at 100' }).waitFor();
    await section(page, 'Verdict').filter({ hasText: 'not decided' }).waitFor();
    await section(page, '3 devices').locator('li').filter({ hasText: '2 both arms' }).waitFor();
    await page.getByText('Waits for step 1 of 3: evidence').waitFor();
  });

  it('is paused and goes on by buttons that say what they lead to', async () => {
    const { page } = operator;
    await decide(page, 'Pause', /no further device begins.*Harm still takes the release back/, 'lunch');
    await badge(page, 'paused').waitFor();
    // On every page, and in the list of what there is to see to.
    await page.getByRole('navigation').getByRole('link', { name: 'Fleet' }).click();
    await page.getByRole('link', { name: /The rollout of digits@1.1.0 waits for a person: paused by/ }).waitFor();
    await page.getByRole('banner').getByRole('link', { name: 'digits@1.1.0 waits for a person' }).click();
    await page.locator('.note').filter({ hasText: 'paused by operator:admin: lunch' }).waitFor();
    // What is not possible has no button.
    expect(await page.getByRole('button', { name: 'Pause …' }).count()).toBe(0);
    await decide(page, 'Resume', /goes on where it stopped/);
    await badge(page, 'rolling').waitFor();
  });

  it('waits for the approver once the step has its evidence, and is offered to nobody who may not', async () => {
    const { page } = operator;
    await server.read('/operators', { name: 'victor', role: 'viewer', password: 'correct horse battery' });
    await windows(clean);
    await badge(page, 'waiting').waitFor();
    await page.getByText('Waits for step 2 of 3: a person must approve it').waitFor();
    const viewer = await openPage(browser);
    await viewer.page.goto(`${server.httpUrl}/#/rollouts/${(await newest()).id}`);
    await viewer.page.getByLabel('Name').fill('victor');
    await viewer.page.getByLabel('Password').fill('correct horse battery');
    await viewer.page.getByRole('button', { name: 'Sign in' }).click();
    await badge(viewer.page, 'waiting').waitFor();
    expect(await viewer.page.locator('main').getByRole('button', { name: '…' }).count()).toBe(0);
    await viewer.page.goto(`${server.httpUrl}/#/rollouts/new`);
    await viewer.page.getByText('To begin a rollout one must be an operator.').waitFor();
    await viewer.close();
    // Who looked at another step has approved no other.
    const late = await server.api(`/rollouts/${(await newest()).id}/approve`, { step: 0 });
    expect([late.status, await late.text()]).toEqual([409, expect.stringContaining('is at step 2 by now')]);
    await decide(page, 'Approve', /At once: 50 % of the calls on 3 devices/);
    await step(page, 2).filter({ hasText: '3 of 3 devices ready' }).waitFor();
  });

  it('does not touch a device that a person keeps apart, which is said beforehand and shown wherever the device is', async () => {
    const { page } = operator;
    await page.goto(`${server.httpUrl}/#/devices/${devices[2]?.id}`);
    await decide(
      page,
      'Exclude',
      /No rollout touches it any more: it stays at .*digits@1.0.0.*still counts/,
      'on loan',
    );
    const held = section(page, 'Rollouts on this device').locator('li').filter({ hasText: 'excluded: on loan' });
    await held.filter({ hasText: 'by operator:admin' }).waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Fleet' }).click();
    await page.getByRole('row').filter({ hasText: 'mill' }).filter({ hasText: 'excluded' }).waitFor();
    await page.goto(`${server.httpUrl}/#/rollouts/${(await newest()).id}`);
    const apart = section(page, '3 devices').locator('li').filter({ hasText: '1 kept apart by a person' });
    await apart.getByRole('link', { name: 'mill' }).click();
    await held.getByRole('button').click();
    await page.getByRole('dialog').filter({ hasText: 'Rollouts reach it again' }).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Let rollouts back' }).click();
    await page.getByText('Rollouts reach it like any other.').waitFor();
    await decide(page, 'Pin', /stays there whatever rollouts of the model say.*Ordered now: digits@1.0.0/);
    await section(page, 'Rollouts on this device').getByText('pinned to digits@1.0.0').waitFor();
    await decide(page, 'Unpin', /Rollouts reach it again with digits/);
    await page.getByText('Rollouts reach it like any other.').waitFor();
    await page.goto(`${server.httpUrl}/#/rollouts/${(await newest()).id}`);
    await step(page, 2).filter({ hasText: '3 of 3 devices ready' }).waitFor();
  });

  it('fits a desk and a telephone', async () => {
    const { page } = operator;
    for (const size of [
      { width: 1280, height: 900 },
      { width: 390, height: 844 },
    ]) {
      await page.setViewportSize(size);
      expect(await isTooWide(page)).toBe(false);
      expect(await faintTexts(page)).toEqual([]);
      if (process.env['BW_SCREENSHOTS'] !== undefined) {
        await page.screenshot({ path: `${process.env['BW_SCREENSHOTS']}/rollout-${size.width}.png`, fullPage: true });
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  it('is taken back by the evidence, and says so in a sentence with numbers', async () => {
    const { page } = operator;
    await windows({ stable: 500, canary: 500, errors: { stable: 1, canary: 40 } });
    await badge(page, 'rolled back').waitFor();
    await page
      .locator('.alarm')
      // Two of the three windows are enough, where a look falls in between; one of those devices is left out, so that none decides alone; and which had calls before lies with their keys.
      .filter({ hasText: /canary only: errors: (?:40|80|120) of \d+ \(/ })
      .waitFor();
    await section(page, 'Verdict').filter({ hasText: 'harm' }).waitFor();
    await section(page, '3 devices').locator('li').filter({ hasText: '3 on the release before' }).waitFor();
    expect(await page.locator('main').getByRole('button', { name: '…' }).count()).toBe(0);
    await step(page, 1).filter({ hasText: '(passed)' }).waitFor();
    await step(page, 2).filter({ hasText: '(ended here)' }).waitFor();
    // What was refused is the browser's own line.
    expect(operator.problems.filter((text) => !text.startsWith('Failed to load resource:'))).toEqual([]);
    // All of it outlasts the server.
    await server.restart();
    const later = await openPage(browser, { acceptDownloads: true });
    await later.page.goto(`${server.httpUrl}/#token=${server.operatorToken}`);
    await later.page.getByRole('navigation').getByRole('link', { name: 'Rollouts' }).click();
    await later.page.getByRole('link', { name: 'digits@1.1.0' }).click();
    await section(later.page, 'Verdict').filter({ hasText: 'harm' }).waitFor();
    await later.page.locator('figure .legend').filter({ hasText: 'taken back at 100' }).waitFor();
    await section(later.page, 'Both arms')
      .getByRole('row', { name: /^errors .* ×$/ })
      .waitFor();
    await section(later.page, 'What happened').locator('li').filter({ hasText: 'lunch' }).waitFor();
    await step(later.page, 2).filter({ hasText: 'ended here' }).waitFor();
    const decided = section(later.page, 'What was decided')
      .locator('li')
      .filter({ hasText: /harm step 2/ })
      .last();
    const [saved] = await Promise.all([later.page.waitForEvent('download'), decided.getByRole('button').click()]);
    expect(replay(openBundle(await readFile(await saved.path()))).value).toBe('fail');
    await later.close();
  });
});

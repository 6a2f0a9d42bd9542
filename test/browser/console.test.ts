import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceList, TokenReply } from '@bellwether/control-plane/http/operator-api';
import type { SeriesReply } from '@bellwether/control-plane/telemetry/series-api';
import { startChromium } from '../support/chromium.js';
import { digitLoad } from '../support/digit-load.js';
import { digitsFolder } from '../support/digits.js';
import { FleetDevice } from '../support/fleet-device.js';
import { FleetProcesses, servedVersion } from '../support/fleet-process.js';
import { OpenLoop } from '../support/open-loop.js';
import { bytesOf, eventOf } from '../support/telemetry-messages.js';
import { openPage, type WatchedPage } from '../support/watched-page.js';

/** One fleet's afternoon as one open page sees it, told in order: the page is never loaded again. */
let fleet: FleetProcesses;
let browser: Browser;
let watched: WatchedPage;
const loops: OpenLoop[] = [];

const cast = [
  { name: 'greenhouse', labels: { hardware: 'rpi4' } },
  { name: 'harbour', labels: { hardware: 'rpi5' } },
] as const;

beforeAll(async () => {
  [fleet, browser] = await Promise.all([FleetProcesses.start(['digits']), startChromium()]);
  const settings = { windowSeconds: 1, startSpreadMs: 0 };
  const agents = await Promise.all(cast.map(({ name, labels }) => fleet.startAgent(name, settings, labels)));
  await publish('1.0.0');
  await rollOut('1.0.0');
  await fleet.until('both serve digits@1.0.0', serve('1.0.0'));
  loops.push(...agents.map(({ socketPath }, i) => new OpenLoop(socketPath, digitLoad(i), 20)));
  watched = await openPage(browser);
});

afterAll(async () => {
  await Promise.all(loops.map((loop) => loop.stop()));
  await browser?.close();
  await fleet?.stop();
});

async function publish(version: string): Promise<void> {
  await fleet.publish(fileURLToPath(new URL(version, digitsFolder)), `digits@${version}`);
}

async function rollOut(version: string): Promise<void> {
  await fleet.api('/rollouts', { release: `digits@${version}`, to: { all: true } });
}

function serve(version: string): Parameters<FleetProcesses['until']>[1] {
  return (devices) =>
    devices.length === cast.length && devices.every((each) => servedVersion(each, 'digits') === version);
}

/** Waits until calls of this release are in the stored series: a window later than the device says that it serves it. */
async function untilMeasured(release: string): Promise<void> {
  const releases = async () => {
    const { series } = await fleet.api<SeriesReply>('/telemetry/series?metric=total-p99&by=release&step=hour');
    return series.map((each) => each.release);
  };
  await expect.poll(releases, { timeout: 30_000 }).toContain(release);
}

function rowOf(device: string): Locator {
  return watched.page.getByRole('row').filter({ has: watched.page.getByRole('rowheader', { name: device }) });
}

const live = (page: Page) =>
  page
    .getByRole('status')
    .filter({ hasText: /^live$/ })
    .waitFor();

const status = () => watched.page.getByRole('status');
const story = () => watched.page.locator('.story');

/** Parts of the share bar that the releases take, the newest first. */
async function barWidths(): Promise<number[]> {
  return watched.page.evaluate<number[]>(`(() => {
    const bar = document.querySelector('.share-bar');
    const parts = [...bar.children].slice(0, -1);
    return parts.map((part) => part.getBoundingClientRect().width / bar.getBoundingClientRect().width);
  })()`);
}

describe('signing in', () => {
  it('refuses a wrong token in words, and takes the right one by the form', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(fleet.httpUrl);
    await page.getByRole('button', { name: 'Use a token instead' }).click();
    await page.getByLabel('Operator token').waitFor();
    // The field has the focus: one types at once.
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'The server does not know this token.' }).waitFor();
    await page.getByLabel('Operator token').fill(` ${fleet.token} `);
    await page.getByRole('button', { name: 'Open the console' }).click();
    await page
      .getByRole('status')
      .filter({ hasText: /^live$/ })
      .waitFor();
    await page.reload();
    await page
      .getByRole('status')
      .filter({ hasText: /^live$/ })
      .waitFor();
    await close();
  });

  it('takes name and password, shows who is there in which role, and ends the session with the button', async () => {
    const password = 'correct horse battery';
    await fleet.api('/operators', { name: 'alice', role: 'viewer', password });
    const { page, problems, close } = await openPage(browser);
    await page.goto(fleet.httpUrl);
    await page.getByLabel('Name').waitFor();
    // The field has the focus: one types at once.
    await page.keyboard.type('alice');
    await page.getByLabel('Password').fill('wrong horse battery');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'The name or the password is wrong.' }).waitFor();
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await live(page);
    await page
      .locator('.who')
      .filter({ hasText: /alice.*viewer/ })
      .waitFor();
    // No script can read the session, and it outlives the page.
    expect(await page.evaluate<string>('document.cookie + JSON.stringify(sessionStorage)')).toBe('{}');
    await page.reload();
    await live(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
    await page.reload();
    await page.getByLabel('Password').waitFor();
    // That the wrong password was refused is the browser's own line.
    expect(problems.filter((text) => !text.includes('401'))).toEqual([]);
    await close();
  });

  it('takes the token out of the link and out of the address', async () => {
    const { page } = watched;
    await page.goto(`${fleet.httpUrl}/#token=${fleet.token}`);
    await status()
      .filter({ hasText: /^live$/ })
      .waitFor();
    expect(page.url()).toBe(`${fleet.httpUrl}/`);
    await page.evaluate('window.neverLoadedAgain = true');
  });

  it('takes it also from a link that is opened in a page that waits for one', async () => {
    const { page, close } = await openPage(browser);
    await page.goto(fleet.httpUrl);
    await page.getByLabel('Password').waitFor();
    await page.goto(`${fleet.httpUrl}/#token=${fleet.token}`);
    await page
      .getByRole('status')
      .filter({ hasText: /^live$/ })
      .waitFor();
    expect(page.url()).toBe(`${fleet.httpUrl}/`);
    await close();
  });
});

describe('the scoreboard', () => {
  it('shows each device with its release, health, load, latency, CPU and when it was last seen', async () => {
    for (const loop of loops) loop.start();
    const figures = [
      /^\d+\.\d$/,
      /^\d+(\.\d+)? m?s$/,
      /^\d+(\.\d+)? m?s$/,
      /^\d+(\.\d)? %$/,
      /^\d+(\.\d)? %$/,
      /^(now|\d+ s ago)$/,
    ];
    for (const { name, labels } of cast) {
      const row = rowOf(name);
      await row
        .getByRole('rowheader')
        .filter({ hasText: `hardware=${labels.hardware}` })
        .waitFor();
      await row.getByRole('cell', { name: 'healthy' }).waitFor();
      await row.getByRole('cell', { name: 'digits@1.0.0' }).waitFor();
      for (const [i, pattern] of figures.entries()) {
        await row
          .getByRole('cell')
          .nth(2 + i)
          .filter({ hasText: pattern })
          .waitFor();
      }
      await row
        .getByRole('cell')
        .nth(2)
        .filter({ hasText: /^[1-9]/ })
        .waitFor();
    }
  });

  it('shows the release with its share of the fleet and what is known of it', async () => {
    await story().filter({ hasText: 'digits All 2 devices serve 1.0.0.' }).waitFor();
    await watched.page
      .locator('.releases li')
      .filter({ hasText: /digits@1\.0\.0.*2 devices · 100 %.*production · accuracy \d+ % · \d+ kB/ })
      .waitFor();
    expect(await barWidths()).toEqual([1]);
  });

  it('shows a rollout while it happens, and the takeover in bar and rows', async () => {
    await publish('1.1.0');
    await watched.page
      .locator('.releases li')
      .filter({ hasText: /digits@1\.1\.0.*0 devices/ })
      .waitFor();
    await rollOut('1.1.0');
    const rollout = watched.page.locator('.rollouts li').filter({ hasText: 'digits@1.1.0' });
    await rollout.waitFor();
    await story().filter({ hasText: 'All 2 devices serve 1.1.0.' }).waitFor();
    for (const { name } of cast) await rowOf(name).getByRole('cell', { name: 'digits@1.1.0' }).waitFor();
    // The bar moves there.
    await expect.poll(barWidths, { timeout: 20_000 }).toEqual([1, 0]);
    await rollout.filter({ hasText: /done.*2 of 2 serve it/ }).waitFor();
    // In one line or in two, by how soon one follows the other.
    const told = watched.page.locator('.events li').filter({ hasText: 'now serving digits@1.1.0' });
    await told.first().waitFor();
    await watched.page
      .locator('.legend li')
      .filter({ hasText: /digits@1\.1\.0 \d+\.\d/ })
      .waitFor();
  });

  it('draws the last 24 hours, and says them as a table', async () => {
    const { page } = watched;
    // The page asks when it is opened, and then once a minute: the first window of the release must have come before.
    await untilMeasured('digits@1.1.0');
    await page.getByText('The last 24 hours').click();
    const table = page.getByRole('region', { name: 'The last 24 hours as a table' });
    for (const name of ['digits@1.1.0 req/s', 'digits@1.0.0 p99']) {
      await table.getByRole('columnheader', { name }).waitFor();
    }
    // Of the hour that it is; in seconds, where the machine stood still.
    await table
      .getByRole('row')
      .filter({ hasText: /\d+\.\d+.*\d m?s/ })
      .first()
      .waitFor();
    await page.locator('.day .chart canvas').first().waitFor();
    await page.getByText('The last 24 hours').first().click();
  });

  it('tells what happened on a device, of the kinds that one asks for, and goes on while one looks', async () => {
    const { page } = watched;
    await page.getByRole('link', { name: 'harbour' }).first().click();
    const rows = page.getByRole('region', { name: 'Timeline' }).getByRole('listitem');
    await rows.filter({ hasText: 'now serving digits@1.1.0' }).first().waitFor();
    await rows.filter({ hasText: 'generation' }).first().waitFor();
    await page.getByLabel('Show').selectOption({ label: 'the machine and its connection' });
    await rows.filter({ hasText: 'came online' }).first().waitFor();
    await expect.poll(() => rows.filter({ hasText: 'now serving' }).count(), { timeout: 20_000 }).toBe(0);
    await page.getByLabel('Show').selectOption({ label: 'everything' });
    const device = (await fleet.api<DeviceList>('/devices')).devices.find(({ id }) => id.startsWith('harbour'));
    await fleet.api(`/devices/${device?.id}/pin`, { what: 'exclude', why: 'painted' });
    await rows.filter({ hasText: 'exclude: painted' }).waitFor();
    await fleet.api(`/devices/${device?.id}/unpin`, {});
    await page.getByRole('link', { name: 'Fleet' }).click();
  });

  it('has lost no request meanwhile', async () => {
    await Promise.all(loops.map((loop) => loop.stop()));
    const sent = loops.flatMap((loop) => loop.sent);
    expect(sent.length).toBeGreaterThan(100);
    expect(sent.filter(({ error }) => error !== null)).toEqual([]);
  });

  it('asks a device for its log, and shows what it answers', async () => {
    const { page } = watched;
    await rowOf('harbour').getByRole('link', { name: 'harbour' }).click();
    await page.getByRole('button', { name: 'Log …' }).click();
    const question = page.getByRole('dialog');
    await question.getByText('The question is written into the audit log.').waitFor();
    await question.getByRole('button', { name: 'Log', exact: true }).click();
    await question
      .locator('.answer')
      .filter({ hasText: /info {2}order accepted \{"epoch":1,/ })
      .waitFor();
    await question.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('navigation').getByRole('link', { name: 'Fleet' }).click();
    await rowOf('harbour').waitFor();
  });

  it('shows what a device says as text, whatever it says', async () => {
    const { token } = await fleet.api<TokenReply>('/tokens', {});
    const device = new FleetDevice(() => fleet.httpUrl, 'mallory');
    await device.enrol(token);
    const client = await device.connect();
    const message = '<img src=x onerror="window.broken = true"><script>window.broken = true</script>';
    const event = eventOf({ device: device.id, kind: 'runner-died', release: '<b>bold</b>', message, code: '<i>' });
    await client.publishAsync(device.topic('event'), bytesOf(event), { qos: 1 });
    const line = watched.page.locator('.events li').filter({ hasText: 'mallory' }).filter({ hasText: message });
    await line.filter({ hasText: '<b>bold</b>' }).filter({ hasText: '<i>' }).waitFor();
    expect(await line.locator('img, script, b, i').count()).toBe(0);
    expect(await watched.page.evaluate('window.broken')).toBeUndefined();
    await client.endAsync();
  });

  it('says when the server is gone, and is live again when it is back', async () => {
    await fleet.stopServer();
    await status().filter({ hasText: 'connection lost, trying again' }).waitFor();
    await rowOf('harbour').waitFor();
    await fleet.startServer();
    await status()
      .filter({ hasText: /^live$/ })
      .waitFor();
    await rowOf('harbour').getByRole('cell', { name: 'healthy' }).waitFor();
  });

  it('did all this without loading again, without a complaint of the browser and without asking anybody else', async () => {
    expect(await watched.page.evaluate('window.neverLoadedAgain')).toBe(true);
    // That it could not reach the server while there was none, or one that was just leaving, is the browser's own line.
    const own = /^Failed to load resource: (?:net::|the server responded with a status of 503)/;
    expect(watched.problems.filter((text) => !own.test(text))).toEqual([]);
    expect([...watched.origins]).toEqual([fleet.httpUrl]);
  });
});

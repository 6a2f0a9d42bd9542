import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiTokenReply } from '@bellwether/control-plane/http/people-api';
import type { Alert } from '@bellwether/shared/contract/alert';
import { startChromium } from '../support/chromium.js';
import type { FleetDevice } from '../support/fleet-device.js';
import { alertOf, deviceView, idOf, overview } from '../support/operator-views.js';
import { ScriptedLiveServer } from '../support/scripted-live-server.js';
import { startServer, type TestServer } from '../support/server.js';
import { bytesOf, refusedReport } from '../support/telemetry-messages.js';
import { faintTexts, isTooWide, openPage } from '../support/watched-page.js';
import { startWebhookReceiver } from '../support/webhook-receiver.js';

/** What the console shows of alerts: on a real server, and of alerts that no test can wait for. */
let browser: Browser;
let server: TestServer;
let device: FleetDevice;
beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer(['digits'], { webhookNetworks: ['127.0.0.0/8'] }),
    startChromium(),
  ]);
  device = await server.enrolled('camera', { site: 'north' });
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** The device says that it refused digits@1.1.0. */
async function refuse(): Promise<void> {
  const client = await device.connect();
  await client.publishAsync(device.topic('report'), bytesOf(refusedReport(device.id)), { qos: 1 });
  await client.endAsync();
}

const card = (page: Page, text: string): Locator => page.locator('.alerts > li').filter({ hasText: text });
const question = (page: Page): Locator => page.getByRole('dialog');

describe('alerts in the console', () => {
  it('appear as they open, are acknowledged and silenced after a question that says what follows, by whoever may', async () => {
    const { page, problems, close } = await openPage(browser);
    await page.goto(`${server.httpUrl}/#token=${server.operatorToken}`);
    await page.getByRole('navigation').getByRole('link', { name: 'Alerts' }).click();
    await page.getByText('Nothing is wrong.').waitFor();
    await refuse();
    const alert = card(page, `digits@1.1.0 is refused by ${device.id} (blob-digest).`);
    await alert.filter({ hasText: 'Warning' }).filter({ hasText: 'open' }).waitFor();
    await page.locator('header').getByRole('link', { name: '1 alert' }).waitFor();

    const { token } = await server.read<ApiTokenReply>('/api-tokens', { label: 'looks', role: 'viewer', days: 1 });
    const viewer = await openPage(browser);
    await viewer.page.goto(`${server.httpUrl}/#token=${token}`);
    await viewer.page.locator('header').getByRole('link', { name: '1 alert' }).click();
    await card(viewer.page, 'is refused').waitFor();
    expect(await viewer.page.locator('main').getByRole('button').count()).toBe(0);

    await alert.getByRole('button', { name: 'Acknowledge' }).click();
    await question(page).getByText('opens again').waitFor();
    await question(page).getByLabel('Why').fill('a known camera');
    await question(page).getByRole('button', { name: 'Acknowledge' }).click();
    await card(viewer.page, 'acknowledged, seen by admin').waitFor();
    await alert.filter({ hasText: 'acknowledged' }).waitFor();
    expect(await page.locator('header').getByRole('link', { name: '1 alert' }).count()).toBe(0);
    expect(await alert.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0);

    await alert.getByRole('button', { name: 'Silence' }).click();
    await question(page).getByText('Nobody is told').waitFor();
    await question(page).getByLabel('Of devices with these labels').fill('site=north');
    await question(page).getByLabel('Why').fill('a new roof');
    await question(page).getByRole('button', { name: 'Silence' }).click();
    await card(viewer.page, 'silenced').waitFor();
    const silence = page.locator('.rows > li').filter({ hasText: 'release-refused' }).filter({ hasText: 'a new roof' });
    await silence.filter({ hasText: 'site=north' }).waitFor();
    await silence.getByRole('button', { name: 'End' }).click();
    await question(page).getByRole('button', { name: 'End' }).click();
    await silence.waitFor({ state: 'detached' });
    await alert.getByText('silenced', { exact: true }).waitFor({ state: 'detached' });

    await alert.getByRole('link', { name: 'camera' }).click();
    // The timeline tells it too.
    const known = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Alerts', exact: true }) });
    await known.getByText('is refused').waitFor();
    expect([problems, viewer.problems]).toEqual([[], []]);
    await Promise.all([viewer.close(), close()]);
  });

  it('are sent to a webhook that an admin adds, with a secret shown once, and tries', async () => {
    const receiver = await startWebhookReceiver();
    const { page, problems, close } = await openPage(browser);
    await page.goto(`${server.httpUrl}/#token=${server.operatorToken}`);
    await page.getByRole('navigation').getByRole('link', { name: 'Access' }).click();
    await page.getByRole('button', { name: 'Add a webhook' }).click();
    await question(page).getByLabel('Name').fill('pager');
    await question(page).getByLabel('Address').fill('http://10.0.0.1/');
    await question(page).getByRole('button', { name: 'Add a webhook' }).click();
    await question(page).getByRole('alert').filter({ hasText: '--webhook-networks' }).waitFor();
    await question(page).getByLabel('Address').fill(receiver.url);
    await question(page).getByLabel('Told of').selectOption('critical');
    await question(page).getByRole('button', { name: 'Add a webhook' }).click();
    await question(page)
      .getByText(/^whsec_/)
      .waitFor();
    await question(page).getByRole('button', { name: 'Done' }).click();
    const row = page.locator('.rows > li').filter({ hasText: receiver.url });
    await row.filter({ hasText: 'critical ones · not used yet' }).getByRole('button', { name: 'Test' }).click();
    await question(page).getByRole('button', { name: 'Test' }).click();
    await question(page).getByText('It answered 204').waitFor();
    await question(page).getByRole('button', { name: 'Done' }).click();
    await row.filter({ hasText: 'fine, ' }).getByRole('button', { name: 'Remove' }).click();
    await question(page).getByRole('button', { name: 'Remove' }).click();
    await row.waitFor({ state: 'detached' });
    expect(receiver.received.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([{ type: 'webhook.test' }]);
    expect(problems.filter((each) => !each.includes('422'))).toEqual([]);
    await close();
    await receiver.stop();
  });

  it('say severity, cause, forecast and numbers in words, the worst first, and fit a phone in both schemes', async () => {
    const nowMs = Date.now();
    const names = Array.from({ length: 100 }, (_, i) => idOf(`pump-station-${i}`));
    const common = {
      label: 'hardware=pi4',
      affected: 140,
      ofAffected: 140,
      others: 2,
      ofOthers: 260,
      lift: 130,
      p: 1e-9,
    };
    const alerts: Alert[] = [
      alertOf('a1', { state: 'resolved', resolvedAtMs: nowMs - 60_000, sentence: 'It was silent.' }),
      alertOf('a2', { severity: 'info', sentence: 'A clock is off.', rule: 'clock-skew' }),
      alertOf('a3', { state: 'acknowledged', acknowledgedBy: 'operator:ada', severity: 'critical' }),
      alertOf('a4', {
        rule: 'temperature-trend',
        severity: 'critical',
        sentence: 'The temperature of 140 devices will be at its limit in 2.5 h.',
        numbers: { devices: 140, fleetDevices: 400, minutesToLimit: 150, errorPct: 2.512 },
        devices: 140,
        named: names,
        attribution: { cause: 'infrastructure', sentence: 'All of them are hardware=pi4, of the others 1 %.', common },
        forecast: { atMs: nowMs + 9_000_000, earliestMs: nowMs + 7_200_000, latestMs: null },
      }),
    ];
    const replies = {
      'GET /alerts': { alerts },
      'GET /alerts/silences': { silences: [] },
      'POST /alerts/:id/acknowledge': {},
      'POST /alerts/silences': {},
    };
    const live = await ScriptedLiveServer.start(() => overview({ alerts, devices: [deviceView('harbour')] }), replies);
    const { page, problems, close } = await openPage(browser);
    await page.goto(live.pageUrl);
    await page.locator('header').getByRole('link', { name: '2 alerts, 1 critical' }).click();
    const first = page.locator('.alerts > li').first();
    for (const text of [
      'Critical',
      'What it runs on causes it, not the release: All of them are hardware=pi4',
      /At its limit in about 150 min|At its limit in about 2\.5 h/,
      'or much later',
      'time to the limit2.5 h',
      'calls that failed2.51 %',
      '140 devices of 400: pump-station-0, ',
      'and 128 more',
    ]) {
      await first.filter({ hasText: text }).waitFor();
    }
    expect(await page.locator('.alerts > li').evaluateAll((all: { innerText: string }[]) => all.length)).toBe(4);
    const order = await page.locator('.alert-head .rule').allTextContents();
    expect(order.map((each) => each.split(' ')[1])).toEqual(['a4', 'a2', 'a3', 'a1']);
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const [width, height] of [
        [1280, 900],
        [360, 740],
      ] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height });
        expect([colorScheme, width, await isTooWide(page), await faintTexts(page)]).toEqual([
          colorScheme,
          width,
          false,
          [],
        ]);
        const folder = process.env['BELLWETHER_SHOTS'];
        if (folder !== undefined)
          await page.screenshot({ path: `${folder}/alerts-${colorScheme}-${width}.png`, fullPage: true });
      }
    }
    await live.tell([['alert', { ...alerts[3], state: 'resolved', resolvedAtMs: nowMs }]]);
    await page.locator('header').getByRole('link', { name: '1 alert' }).waitFor();
    expect(problems).toEqual([]);
    await close();
    await live.stop();
  });
});

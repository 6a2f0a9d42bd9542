import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import type { Overview } from '@bellwether/control-plane/http/status-api';
import { startChromium } from '../support/chromium.js';
import { driftReply } from '../support/drift-reply.js';
import {
  deviceView,
  idOf,
  liveFigures,
  modelReport,
  overview,
  releaseView,
  rolloutDevice,
  rolloutView,
  serverStatus,
  timelineEvent,
} from '../support/operator-views.js';
import { ScriptedLiveServer } from '../support/scripted-live-server.js';
import { reportOf } from '../support/telemetry-messages.js';
import { faintTexts, isTooWide, openPage, type WatchedPage } from '../support/watched-page.js';

/** What no fleet of a test can show: every state at once, very long names, hostile texts, many devices, a silent server. */
let browser: Browser;
let server: ScriptedLiveServer;
let watched: WatchedPage;

beforeAll(async () => {
  browser = await startChromium();
});
afterEach(async () => {
  await watched.close();
  await server.stop();
});
afterAll(() => browser?.close());

type PageOptions = Parameters<typeof openPage>[1];

async function openOn(shown: Overview, options: PageOptions = {}, replies = {}): Promise<WatchedPage['page']> {
  server = await ScriptedLiveServer.start(() => shown, replies);
  watched = await openPage(browser, options);
  await watched.page.goto(server.pageUrl);
  await watched.page
    .getByRole('status')
    .filter({ hasText: /^live$/ })
    .waitFor();
  return watched.page;
}

const longName = 'the-workshop-behind-the-second-greenhouse';
const refusal = { code: 'blob-digest', message: 'not the digest', atMs: 0 };

const hold = { release: null, by: 'operator:margarethe', why: 'w'.repeat(200), atMs: 0 };
const holds: DeviceView['holds'] = [
  {
    ...hold,
    kind: 'pinned',
    release: 'a-model-with-a-name-as-long-as-names-of-models-may-well-become@10.20.30-beta.1',
  },
  { ...hold, kind: 'quarantined' },
];

const arm = { calls: 123_456_789, labelled: 12, bad: { error: 12_345, slow50: 9, wrong: 1 } };
const compute = { zero: 1, overflow: 0, sum: 9, buckets: Buffer.from([200, 1, 9]).toString('base64') };
const shownStep = {
  cohort: { percent: 100 },
  cohortSize: 7,
  ready: 3,
  failed: 1,
  silent: 1,
  startedAtMs: 0,
  endedAtMs: 0,
} as const;
/** In steps, with both arms, evidence, and texts as long as they may be. */
const staged = rolloutView('1.1.1', {
  id: 'r8',
  policy: 'custom',
  phase: 'held',
  reason: { code: 'time-limit', text: 'v'.repeat(300) },
  waitsFor: `step 2 of 3: a person must decide: ${'v'.repeat(300)}`,
  step: 1,
  steps: [
    { ...shownStep, mode: 'shadow', share: 100, state: 'left' },
    { ...shownStep, mode: 'split', share: 0.05, state: 'current', timeLimitSeconds: 60, holdSeconds: 600 },
    { ...shownStep, mode: 'full', share: 100, state: 'ahead', approval: true, filter: { customer: 'x'.repeat(63) } },
  ],
  arms: { stable: { ...arm, release: 'digits@1.1.0', compute }, canary: { ...arm, release: 'digits@1.1.1', compute } },
  verdict: {
    version: 1,
    value: 'fail',
    reasons: [{ code: 'harm', text: 'u'.repeat(300), numbers: {} }],
    logHarm: 99,
    logHarmLimit: 4.6,
    passedStrata: [],
    drop: [],
    atMs: 0,
  },
  history: [
    { atMs: 0, step: 0, logHarm: -9 },
    { atMs: 60_000, step: 1, logHarm: 99 },
  ],
  timeline: [{ atMs: 0, code: 'harm', text: 's'.repeat(300) }],
  failures: [{ device: idOf(longName), code: 'blob-digest', message: 't'.repeat(300), acknowledged: false }],
  actions: ['resume', 'promote', 'retry', 'abort', 'rollback'],
  devices: [rolloutDevice(longName, 'stable', 'quarantined'), rolloutDevice('weak', 'canary')],
});

/** Every word and colour that the page has. */
const everything = overview({
  status: serverStatus({
    development: true,
    transport: 'plaintext-network',
    expiring: [
      { role: 'targets', expiresAtMs: 0 },
      { role: 'staging-a-model-with-a-name-as-long-as-names-of-models-may-well-become', expiresAtMs: 4e12 },
    ],
    pending: { releases: ['digits@1.1.1'], devices: [idOf('waiting')], deviceKeys: [idOf('weak')] },
    waitingRollouts: [
      {
        id: 'r9',
        release: 'a-model-with-a-name-as-long-as-names-of-models-may-well-become@1.0.0',
        why: 'x'.repeat(90),
      },
    ],
    clones: [{ device: idOf(longName), atMs: 0 }],
  }),
  devices: [
    deviceView(longName, '1.0.0', { labels: { customer: 'x'.repeat(63), hardware: 'rpi5', site: 'north' }, holds }),
    deviceView('away', '1.0.0', { presence: 'offline' }),
    deviceView('new', undefined, { presence: 'never', report: null, live: null, lastSeenMs: null }),
    deviceView('ill', '1.0.0', { report: reportOf({ health: 'critical', models: [modelReport('1.0.0')] }) }),
    deviceView('waiting', undefined, { standing: 'pending', labels: { customer: 'x'.repeat(63) } }),
    deviceView('weak', '1.1.0', {
      nextFingerprint: 'c'.repeat(64),
      report: reportOf({ health: 'degraded', models: [modelReport('1.1.0')] }),
    }),
    deviceView('guarded', '1.1.0', {
      live: liveFigures({ errorsPerSecond: 3, p99Ms: 12_345 }),
      report: reportOf({
        orderRefusal: refusal,
        models: [
          modelReport('1.1.0', {
            install: { version: '1.1.1', manifest: 'b'.repeat(64), phase: 'fetching', bytes: 50, totalBytes: 100 },
          }),
          modelReport('10.20.30-beta.1', { model: 'a-model-with-a-name-as-long-as-names-of-models-may-well-become' }),
        ],
      }),
    }),
  ],
  releases: [
    releaseView('1.1.1', {
      production: false,
      lineage: { gitCommit: 'd'.repeat(40), data: 'z'.repeat(200), training: 'train.py' },
      promotion: {
        state: 'pending',
        note: `better ${'y'.repeat(300)}`,
        requestedBy: 'margarethe',
        requestedAtMs: 0,
        rejectedAtMs: null,
        reason: null,
      },
    }),
    releaseView('1.1.2', { production: false }),
    releaseView('1.1.0'),
    releaseView('1.0.0'),
    releaseView('0.9.0', { withdrawn: 'trained on the wrong data' }),
    releaseView('10.20.30-beta.1', { model: 'a-model-with-a-name-as-long-as-names-of-models-may-well-become' }),
  ],
  rollouts: [
    staged,
    rolloutView('1.1.1', {
      phase: 'held',
      devices: [rolloutDevice('guarded', 'refused', 'blob-digest'), rolloutDevice('away', 'silent')],
    }),
    rolloutView('1.1.0', {
      phase: 'rolling',
      devices: [rolloutDevice('weak', 'serving'), rolloutDevice('ill', 'ordered')],
    }),
    rolloutView('1.0.0', { phase: 'done', to: { labels: { customer: 'x'.repeat(63) } } }),
    rolloutView('0.9.0', { phase: 'superseded' }),
  ],
  events: [
    timelineEvent(longName),
    timelineEvent('weak', { kind: 'release-refused', code: 'blob-digest', message: 'y'.repeat(300) }),
    timelineEvent('ill', { kind: 'agent-started', message: 'agent 0.1.0' }),
  ],
});

const withDrift = { 'GET /telemetry/drift': driftReply(longName) };

const desk = { viewport: { width: 1280, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

describe.each([
  ['on a desk, in the light', { ...desk, colorScheme: 'light' }],
  ['on a desk, in the dark', { ...desk, colorScheme: 'dark' }],
  ['on a phone, in the light', { ...phone, colorScheme: 'light' }],
  ['on a phone, in the dark', { ...phone, colorScheme: 'dark' }],
] as const)('%s', (_where, options) => {
  it('every text can be read (WCAG AA), and nothing is wider than the page', async () => {
    const page = await openOn(everything, options, withDrift);
    await page.getByText('guarded').first().waitFor();
    await page.getByText('8 of 18 values on 7 devices have shifted').waitFor();
    expect(await faintTexts(page)).toEqual([]);
    expect(await isTooWide(page)).toBe(false);
    const paper = await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
    expect(paper).toBe(options.colorScheme === 'dark' ? 'rgb(19, 24, 22)' : 'rgb(246, 245, 241)');
    for (const [place, sign] of [
      ['approvals', 'New devices'],
      [`devices/${idOf(longName)}`, 'Two of its receipts have one predecessor'],
      ['rollouts/r8', 'over its time limit'],
      ['rollouts/new', 'Nothing begins by that.'],
    ]) {
      await page.evaluate(`location.hash = '#/${place}'`);
      await page.getByText(sign ?? '').waitFor();
      expect([place, await faintTexts(page), await isTooWide(page)]).toEqual([place, [], false]);
    }
  });

  it('an empty fleet says what to do next', async () => {
    const page = await openOn(overview(), options);
    for (const command of ['release publish', 'token create', 'rollout create']) {
      await page.getByText(`bellwether ${command}`).waitFor();
    }
    expect(await faintTexts(page)).toEqual([]);
    expect(await isTooWide(page)).toBe(false);
  });
});

it('what drifts is there by release: which values, how far, on what, and what answers are likely to be worth', async () => {
  const page = await openOn(everything, desk, withDrift);
  const panel = page.getByRole('region', { name: 'Drift' });
  await panel.getByText('estimated accuracy 81 % ± 2.2 %, 98 % on its reference').waitFor();
  await panel.getByText('digits@1.0.0 is asked what it was made for: 18 values on 1 device').waitFor();
  await panel.getByText('and 2 more values').waitFor();
  const lines = await panel.getByRole('listitem').allInnerTexts();
  expect(lines.map((line) => line.replaceAll(/\s+/g, ' '))[1]).toMatch(
    /^confidence far 0\.34 all devices together, since /,
  );
});

describe('by keyboard', () => {
  it('what has the focus can be seen, and the table can be scrolled', async () => {
    const page = await openOn(everything, desk);
    const focused = async () => {
      await page.keyboard.press('Tab');
      return page.evaluate<unknown>(`(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
        const { tagName } = document.activeElement;
        return [document.activeElement.getAttribute('role') ?? tagName, outlineStyle, outlineWidth];
      })()`);
    };
    expect(await focused()).toEqual(['A', 'solid', '3px']);
    expect(await focused()).toEqual(['BUTTON', 'solid', '3px']);
    // Then the rollout that waits, the pages, what there is to see to, and the table.
    for (const _page of ['Fleet', 'Rollouts', 'Approvals']) expect(await focused()).toEqual(['A', 'solid', '3px']);
    for (const _note of ['clone', 'rollout', 'approvals']) expect(await focused()).toEqual(['A', 'solid', '3px']);
    expect(await focused()).toEqual(['region', 'solid', '3px']);
  });
});

describe('whatever the server says', () => {
  it('is text and never markup', async () => {
    const markup = '<img src=x onerror="window.broken = true">';
    const page = await openOn(
      overview({
        devices: [
          deviceView(markup, '1.0.0', {
            labels: { [markup]: markup },
            report: reportOf({ orderRefusal: { ...refusal, code: markup }, models: [modelReport(markup)] }),
          }),
        ],
        releases: [
          releaseView(markup, { withdrawn: markup }),
          releaseView('2.0.0', {
            release: markup,
            production: false,
            lineage: { gitCommit: markup, data: markup, training: markup },
            promotion: {
              state: 'pending',
              note: markup,
              requestedBy: markup,
              requestedAtMs: 0,
              rejectedAtMs: null,
              reason: null,
            },
          }),
        ],
        status: serverStatus({
          expiring: [{ role: markup, expiresAtMs: 0 }],
          clones: [{ device: markup, atMs: 0 }],
          pending: { releases: [markup], devices: [], deviceKeys: [] },
        }),
        rollouts: [
          rolloutView(markup, {
            id: 'r1',
            policy: markup,
            waitsFor: markup,
            reason: { code: markup, text: markup },
            failures: [{ device: markup, code: markup, message: markup, acknowledged: false }],
            to: { labels: { [markup]: markup } },
            devices: [rolloutDevice('a', 'refused', markup)],
          }),
        ],
        events: [timelineEvent(markup, { kind: markup, release: markup, code: markup, message: markup })],
      }),
    );
    await page.getByRole('row').filter({ hasText: markup }).first().waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    await page.getByRole('link', { name: 'Approvals' }).click();
    await page.locator('.note').filter({ hasText: markup }).waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    await page.goto(`${server.pageUrl.split('#')[0]}#/rollouts/r1`);
    await page.locator('.alarm').filter({ hasText: markup }).first().waitFor();
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(await page.evaluate('window.broken')).toBeUndefined();
  });

  it('once it says nothing for long, the connection counts as lost and is opened again', async () => {
    server = await ScriptedLiveServer.start(() => everything);
    watched = await openPage(browser);
    const { page } = watched;
    await page.clock.install({ time: 0 });
    await page.goto(server.pageUrl);
    await page
      .getByRole('status')
      .filter({ hasText: /^live$/ })
      .waitFor();
    // From here time goes on only when it is told to.
    await page.clock.pauseAt(20_000);
    await page.clock.runFor(15_000);
    expect([server.opened, server.watchers]).toEqual([1, 1]);
    // The silence began when the page was opened, however slowly that went; and what the browser says of a broken connection comes in a time of its own.
    const later = async () => {
      await page.clock.runFor(1000);
      return [server.opened, server.watchers];
    };
    await expect.poll(later, { timeout: 30_000 }).toEqual([2, 1]);
  });
});

describe('a fleet of 200 devices', () => {
  const names = Array.from({ length: 200 }, (_, i) => `device-${i}`);
  const rounds = 10;
  const telling = (round: number): Array<readonly [string, DeviceView]> =>
    names.map((name) => [
      'device',
      deviceView(name, round % 2 === 0 ? '1.0.0' : '1.1.0', { live: liveFigures({ requestsPerSecond: round }) }),
    ]);

  it('keeps the page at hand while each device is told of twice a second', async () => {
    const devices = names.map((name) => deviceView(name, '1.0.0'));
    const releases = [releaseView('1.0.0'), releaseView('1.1.0')];
    const page = await openOn(overview({ devices, releases }), desk);
    await page.evaluate(`(() => {
      window.seen = { frames: 0, drawings: 0 };
      const look = () => {
        seen.frames++;
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
      const changes = { childList: true, characterData: true, subtree: true };
      new MutationObserver(() => seen.drawings++).observe(document.querySelector('tbody'), changes);
    })()`);
    // CPU time of the page's thread: the wall's depends on what else the machine does.
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busyMs = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN);
    };
    const busyBeforeMs = await busyMs();
    for (let round = 1; round <= rounds; round++) {
      const told = page
        .getByRole('row')
        .filter({ hasText: 'device-199' })
        .filter({ hasText: `${round}.0` })
        .waitFor();
      await server.tell(telling(round));
      await told;
    }
    expect(await page.getByRole('row').count()).toBe(201);
    await page.locator('.story').filter({ hasText: 'All 200 devices serve 1.0.0.' }).waitFor();
    const { frames = 0, drawings = 0 } = await page.evaluate<Readonly<Record<string, number>>>('window.seen');
    expect(drawings).toBeLessThanOrEqual(frames);
    // A slow sender gives time for more drawings: how long one of them keeps the page busy is what somebody feels.
    expect(((await busyMs()) - busyBeforeMs) / drawings).toBeLessThan(200);
    expect(watched.problems).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import { DriftMonitor } from '@bellwether/control-plane/telemetry/drift/drift-monitor';
import { DriftStoreSql } from '@bellwether/control-plane/telemetry/drift/drift-store-sql';
import { type WatchedRelease, watchedRelease } from '@bellwether/control-plane/telemetry/drift/watched-release';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import type { Window } from '@bellwether/shared/contract/window';
import { silentLog } from '@bellwether/shared/log';
import { type TestDatabase, temporaryDatabase } from '../../../support/database.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { armOf, bytesOf, windowOf } from '../../../support/telemetry-messages.js';

const minute = 60_000;
const named = { model: 'digits', version: '1.0.0', manifest: 'a'.repeat(64) };
const digits = watchedRelease(
  named,
  {
    inputs: [{ name: 'image', dtype: 'FP32', shape: [-1, 4], role: 'app' }],
    outputs: [],
    reference: { file: 'reference.json' },
  },
  {
    samples: 400,
    features: [{ name: 'x', tensor: 'image', index: 0, edges: [1, 2, 3], counts: [100, 100, 100, 100] }],
  },
);
const well = [150, 150, 150, 150, 0];
const drifted = [20, 40, 140, 400, 0];

let database: TestDatabase;
let clock: ManualClock;
let windows: TelemetryStoreSql;
let sequence = 0;
beforeEach(async () => {
  database = await temporaryDatabase(':memory:');
  clock = new ManualClock();
  windows = new TelemetryStoreSql(database.sqlite);
});
afterEach(() => database.remove());

const idOf = (name: string): string => `${name}-0123456789abcdef`;

function monitorOn(release: () => WatchedRelease | 'reading' | undefined = () => digits): DriftMonitor {
  const store = new DriftStoreSql(database.sqlite);
  const references = { of: release, settled: () => Promise.resolve() };
  const labelsOf = (device: string) => [device === idOf('bad') ? 'site=hot' : 'site=cool'];
  const monitor = new DriftMonitor({ clock, log: silentLog, store, references, labelsOf });
  monitor.start();
  return monitor;
}

/** Stores ten minutes of a device as the ingest does, and tells the monitor, if there is one. */
function send(monitor: DriftMonitor | undefined, name: string, features: readonly number[]): void {
  const device = idOf(name);
  const counted = { ...named, arm: 'stable' as const, sinceMs: 0, rows: 600, features: [[...features]] };
  const message: Window = windowOf({
    device,
    sequence: sequence++,
    startMs: 9 * minute,
    endMs: 10 * minute,
    arms: [],
    features: [counted],
  });
  const decoded = decodeMessage(device, 'window', bytesOf(message));
  windows.commit([{ device, what: 'window', arrivedAtMs: clock.now().wallMs, decoded }]);
  monitor?.take(device, message);
}

/** A fleet of which one device drifts, for an hour. */
async function hourOf(monitor: DriftMonitor): Promise<void> {
  for (let i = 0; i < 6; i++) {
    send(monitor, 'bad', drifted);
    for (let j = 0; j < 5; j++) send(monitor, `well-${j}`, well);
    await clock.advance(minute);
    await monitor.report();
  }
}

describe('the monitor of drift', () => {
  it('finds the device and the label that drift, tells its listeners, and knows them after a restart', async () => {
    const monitor = monitorOn();
    const told: number[] = [];
    const end = monitor.onLook((findings) => told.push(findings.length));
    await hourOf(monitor);
    const found = monitor.findings().map(({ subject }) => subject);
    expect(found).toContainEqual({ level: 'label', label: 'site=hot' });
    expect(found.filter(({ level }) => level === 'device')).toEqual([{ level: 'device', device: idOf('bad') }]);
    expect(told.at(-1)).toBe(found.length);
    const hot = monitor.watchedLabels().find(({ label }) => label === 'site=hot');
    expect(hot?.rows).toBeGreaterThan(100);
    expect(hot?.rows).toBeLessThanOrEqual(500);
    end();
    await monitor.stop();
    const again = monitorOn();
    expect(again.findings()).toEqual([]);
    await clock.advance(1000);
    expect((await again.report()).findings).toEqual(monitor.findings());
    expect(again.watchedLabels()).toEqual(monitor.watchedLabels());
    expect(monitor.watchedReleases().size).toBe(1);
    expect(again.watchedReleases()).toEqual(monitor.watchedReleases());
    await again.stop();
  });

  it('tells nothing of what has been silent for hours, and tells it again when it is back', async () => {
    const monitor = monitorOn();
    await hourOf(monitor);
    const before = monitor.findings().length;
    for (let i = 0; i < 200; i++) await clock.advance(minute);
    expect(before).toBeGreaterThan(0);
    expect(await monitor.report()).toMatchObject({ findings: [], watched: [] });
    expect(monitor.watchedLabels()).toEqual([]);
    expect(monitor.watchedReleases()).toEqual(new Set());
    send(monitor, 'bad', drifted);
    await clock.advance(minute);
    await monitor.report();
    expect(monitor.findings().map(({ subject }) => subject)).toContainEqual({ level: 'label', label: 'site=hot' });
    await monitor.stop();
  });

  it('says how many devices it watches, and how many of their values', async () => {
    const monitor = monitorOn();
    await hourOf(monitor);
    const { watched } = await monitor.report();
    const all = watched.find(({ subject }) => subject.level === 'release');
    expect(all).toMatchObject({ ...named, devices: 6, streams: 1, accuracy: null, referenceAccuracy: null });
    await monitor.stop();
  });

  it('looks at a device every ten minutes, and at the release and its labels every minute', async () => {
    const monitor = monitorOn();
    send(monitor, 'bad', well);
    await clock.advance(1000);
    await clock.untilPending();
    const subjects = () => database.sqlite.prepare('select subject from drift_looks order by subject').pluck().all();
    expect(subjects()).toEqual(['label site=hot', 'release']);
    for (let i = 0; i < 10; i++) {
      await clock.advance(minute);
      await clock.untilPending();
    }
    expect(subjects()).toEqual([`device ${idOf('bad')}`, 'label site=hot', 'release']);
    await monitor.stop();
  });

  it('counts each window once, whenever the server is killed', async () => {
    const whole = monitorOn();
    await hourOf(whole);
    await clock.advance(10 * minute);
    await whole.report();
    await whole.stop();
    const expected = rowsSeen();
    // Once more from nothing, as a server that is killed before, between and after its looks.
    database.sqlite.exec(`delete from drift_looks; update counters set value = 0 where name = 'windows-watched'`);
    const replayed = monitorOn();
    await replayed.report();
    await replayed.stop();
    expect(rowsSeen()).toEqual(expected);
    expect(expected.get('release')).toBeCloseTo(36 * 60, 2);
    expect(expected.get(`device ${idOf('bad')}`)).toBeCloseTo(6 * 60, 2);
  });

  it('counts a window once that some looks have and others have not', async () => {
    const first = monitorOn();
    send(first, 'bad', well);
    await clock.advance(1000);
    await clock.untilPending();
    // Killed: release and label have looked, the device has not.
    const second = monitorOn();
    send(second, 'bad', well);
    await clock.advance(minute);
    await second.report();
    const third = monitorOn();
    await clock.advance(minute);
    await third.report();
    expect([...rowsSeen().values()].map((rows) => Math.round(rows))).toEqual([120, 120, 120]);
    await Promise.all([first.stop(), second.stop(), third.stop()]);
  });

  it('knows every device of a fleet after a restart, and counts none of them again', async () => {
    const first = monitorOn();
    for (let i = 0; i < 45; i++) send(first, `device-${i}`, well);
    await clock.advance(1000);
    await first.report();
    await clock.advance(1000);
    await first.report();
    await first.stop();
    // As if the last look had not come to its end: every window is read again.
    database.sqlite.exec(`update counters set value = 0 where name = 'windows-watched'`);
    const again = monitorOn();
    await clock.advance(1000);
    const { watched } = await again.report();
    expect(watched.map(({ devices }) => devices)).toEqual([45, 45]);
    await clock.advance(10 * minute);
    await again.report();
    expect(rowsSeen().get('release')).toBeCloseTo(45 * 60, 1);
    expect(rowsSeen().get(`device ${idOf('device-44')}`)).toBeCloseTo(60, 1);
    await again.stop();
  });

  it('reads windows whose looks could not be stored again with the next look', async () => {
    const monitor = monitorOn();
    send(monitor, 'bad', well);
    database.sqlite.exec('alter table drift_looks rename to gone');
    await clock.advance(minute);
    await monitor.report();
    database.sqlite.exec('alter table gone rename to drift_looks');
    await clock.advance(minute);
    await monitor.report();
    // A look of one's own, which does not wait for a device's turn.
    await clock.advance(1000);
    await monitor.report();
    expect([...rowsSeen().values()].map((rows) => Math.round(rows))).toEqual([60, 60, 60]);
    await monitor.stop();
  });

  it('lets windows wait for a reference that is being read, and says how many it had no room for', async () => {
    let release: WatchedRelease | 'reading' = 'reading';
    const monitor = monitorOn(() => release);
    for (let i = 0; i < 1003; i++)
      monitor.take(
        idOf('bad'),
        windowOf({
          arms: [],
          features: [{ ...named, arm: 'stable', sinceMs: 0, rows: 1, features: [[1, 0, 0, 0, 0]] }],
          endMs: minute,
        }),
      );
    release = digits;
    await clock.advance(minute);
    const { skippedWindows, watched } = await monitor.report();
    expect([skippedWindows, watched.length]).toEqual([3, 2]);
    await monitor.stop();
  });

  it('leaves out what a shadow answered: stable was asked the same', async () => {
    const answers = watchedRelease(
      named,
      { inputs: [], outputs: [], reference: { file: 'reference.json' } },
      { samples: 2, classes: [1, 1], features: [] },
    );
    const monitor = monitorOn(() => answers);
    const [shadow, stable] = (['shadow', 'stable'] as const).map((arm) =>
      armOf([1], { ...named, arm, classes: [9, 0] }),
    );
    if (shadow === undefined || stable === undefined) throw new TypeError('two arms');
    monitor.take(idOf('bad'), windowOf({ endMs: minute, arms: [shadow] }));
    await clock.advance(minute);
    expect((await monitor.report()).watched).toEqual([]);
    monitor.take(idOf('bad'), windowOf({ endMs: minute, arms: [shadow, stable] }));
    await clock.advance(minute);
    expect((await monitor.report()).watched).toHaveLength(2);
    await monitor.stop();
  });

  it('leaves out what has no reference', async () => {
    const monitor = monitorOn(() => undefined);
    await hourOf(monitor);
    expect(await monitor.report()).toMatchObject({ findings: [], watched: [], skippedWindows: 0 });
    await monitor.stop();
  });
});

/** Rows in the detectors of the one stream, by subject. */
function rowsSeen(): ReadonlyMap<string, number> {
  const rows = database.sqlite
    .prepare<[], { subject: string; detectors: Buffer }>('select subject, detectors from drift_looks order by subject')
    .all();
  // Behind four numbers of 64 bits: what was seen, five bins.
  return new Map(
    rows.map(({ subject, detectors }) => {
      const seen = new Float32Array(Uint8Array.from(detectors).buffer, 32, 5);
      return [subject, seen.reduce((sum, count) => sum + count, 0)];
    }),
  );
}

import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import { metrics } from '@bellwether/control-plane/telemetry/metric';
import { readRollUp } from '@bellwether/control-plane/telemetry/roll-up';
import { RollUpStoreSql } from '@bellwether/control-plane/telemetry/roll-up-store-sql';
import { RollUps } from '@bellwether/control-plane/telemetry/roll-ups';
import type { Arrival } from '@bellwether/control-plane/telemetry/telemetry-store';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import type { Window } from '@bellwether/shared/contract/window';
import { silentLog } from '@bellwether/shared/log';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';
import { armOf, bytesOf, deviceId, windowOf } from '../../support/telemetry-messages.js';

const other = 'jetson-0123456789abcdef';
const labels: Readonly<Record<string, Record<string, string>>> = {
  [deviceId]: { hardware: 'pi', room: 'x' },
  [other]: { hardware: 'jetson' },
};
const hour = 3_600_000;
const noon = 500_000 * hour;

let database: TestDatabase;
let clock: ManualClock;
let store: TelemetryStoreSql;
let rollUps: RollUps;
const open = () =>
  new RollUps({
    store: new RollUpStoreSql(database.sqlite),
    clock,
    log: silentLog,
    labelKeys: ['hardware'],
    isKnown: (model, version) => model === 'digits' && version !== '6.6.6',
    labelsOf: (device) => labels[device] ?? {},
  });
beforeEach(async () => {
  database = await temporaryDatabase();
  clock = new ManualClock();
  store = new TelemetryStoreSql(database.sqlite);
  rollUps = open();
});
afterEach(() => database.remove());

interface Sent {
  readonly device?: string;
  readonly arrivedAtMs?: number;
  readonly changes?: Partial<Window>;
}

function decoded(sequence: number, { device = deviceId, arrivedAtMs = noon, changes = {} }: Sent = {}) {
  const message = windowOf({ device, sequence, wallEndMs: noon - 1, arms: [armOf([100, 200])], ...changes });
  const window = decodeMessage(device, 'window', bytesOf(message));
  const arrival: Arrival = { device, what: 'window', arrivedAtMs, decoded: window };
  return { arrival, stored: { window: message, arms: window.arms, arrivedAtMs } };
}

/** Stores a window as the ingest does; whether its series hear of it is up to the test. */
function commit(sequence: number, sent?: Sent) {
  const { arrival, stored } = decoded(sequence, sent);
  store.commit([arrival]);
  return stored;
}

const point = (level: string, scope: string, arm = 'stable') => {
  const rows = database.sqlite
    .prepare<[string, string, string], { at: number; model: string; body: string }>(
      'select at_ms as at, model, body from roll_ups where level = ? and scope = ? and arm = ?',
    )
    .all(level, scope, arm);
  return rows.map(({ at, model, body }) => ({ at, model, sum: readRollUp(body) }));
};
const requests = (level: string, scope: string) => point(level, scope).map(({ sum }) => sum.counts.get('requests'));

describe('series', () => {
  it('are of the fleet and of labels that are kept by minute and hour, and of devices by the hour', () => {
    for (const sequence of [0, 1]) rollUps.add(commit(sequence));
    rollUps.add(commit(0, { device: other }));
    rollUps.store();
    expect(point('minute', '').map(({ at }) => at)).toEqual([noon - 60_000]);
    expect(point('hour', '').map(({ at }) => at)).toEqual([noon - hour]);
    for (const level of ['minute', 'hour']) {
      expect(requests(level, '')).toEqual([6]);
      expect(requests(level, 'hardware=pi')).toEqual([4]);
      expect(requests(level, 'hardware=jetson')).toEqual([2]);
      expect(requests(level, 'room=x')).toEqual([]);
    }
    expect(requests('hour', deviceId)).toEqual([4]);
    expect(requests('minute', deviceId)).toEqual([]);
  });

  it('are written within a second of the window', async () => {
    rollUps.add(commit(0));
    expect(requests('minute', '')).toEqual([]);
    await clock.advance(1000);
    expect(requests('minute', '')).toEqual([2]);
  });

  it('add up with what is there, and a quantile is one of all calls', () => {
    rollUps.add(commit(0, { changes: { arms: [armOf(Array.from({ length: 98 }, () => 1000))] } }));
    rollUps.store();
    rollUps.add(commit(1, { changes: { arms: [armOf([50_000, 50_000])] } }));
    rollUps.store();
    const [sum] = point('minute', '');
    const p99 = metrics.get('total-p99')?.read(sum?.sum ?? readRollUp('{}'), 60);
    // The mean of both windows' p99 would be 25.5.
    expect(p99).toBeGreaterThan(49);
    expect(p99).toBeLessThan(51);
  });

  it('hold every window once, wherever the server was killed', () => {
    const action = fc.constantFrom('window', 'window', 'store', 'kill');
    fc.assert(
      fc.property(fc.array(action, { maxLength: 25 }), (actions) => {
        database.sqlite.exec(`delete from windows; delete from window_runs; delete from roll_ups`);
        database.sqlite.exec(`update counters set value = 0 where name = 'windows-rolled-up'`);
        rollUps = open();
        let windows = 0;
        for (const each of actions) {
          if (each === 'window') rollUps.add(commit(windows++));
          if (each === 'store') rollUps.store();
          if (each !== 'kill') continue;
          rollUps = open();
          rollUps.start();
        }
        rollUps.store();
        expect(requests('minute', '')).toEqual(windows === 0 ? [] : [2 * windows]);
        expect(requests('hour', deviceId)).toEqual(windows === 0 ? [] : [2 * windows]);
      }),
      { numRuns: 30 },
    );
  });

  it('hold every window of one commit, however many devices it is of, when the server is killed after it', async () => {
    const devices = Array.from({ length: 150 }, (_, i) => `pi-${i}-0123456789abcdef`);
    const messages = devices.map((device) => decoded(0, { device }));
    store.commit(messages.map(({ arrival }) => arrival));
    for (const { stored } of messages) rollUps.add(stored);
    await clock.advance(0);
    rollUps = open();
    rollUps.start();
    rollUps.store();
    expect(requests('minute', '')).toEqual([2 * devices.length]);
  });

  it('lose nothing when the disk refuses for a while', () => {
    rollUps.add(commit(0));
    database.sqlite.exec('alter table roll_ups rename to away');
    rollUps.store();
    database.sqlite.exec('alter table away rename to roll_ups');
    // Whoever asks has it, also where no other window comes.
    rollUps.store();
    expect(requests('minute', '')).toEqual([2]);
    rollUps.add(commit(1));
    rollUps.store();
    expect(requests('minute', '')).toEqual([4]);
  });

  it.each([
    { clock: 'stands in 1970', wallEndMs: 5000 },
    { clock: 'is in 2099', wallEndMs: 4_070_908_800_000 },
  ])('count a window of a clock that $clock when it came', ({ wallEndMs }) => {
    rollUps.add(commit(0, { changes: { wallEndMs }, arrivedAtMs: noon + 1 }));
    rollUps.store();
    expect(point('minute', '').map(({ at }) => at)).toEqual([noon]);
  });

  it('count a window that waited for weeks at its own time', () => {
    rollUps.add(commit(0, { arrivedAtMs: noon + 28 * 24 * hour }));
    rollUps.store();
    expect(point('minute', '').map(({ at }) => at)).toEqual([noon - 60_000]);
  });

  it('are of releases that there are: what a device makes up is counted under other', () => {
    rollUps.add(commit(0, { changes: { arms: [armOf([1], { version: '6.6.6' }), armOf([1], { model: 'made-up' })] } }));
    rollUps.store();
    expect(point('minute', '').map(({ model }) => model)).toEqual(['other']);
    expect(requests('minute', '')).toEqual([2]);
  });

  it('have the machines beside the arms', () => {
    const host = { ...windowOf().host, memoryTotalBytes: 1000, memoryAvailableBytes: 250, temperatureC: 51.2 };
    rollUps.add(commit(0, { changes: { host } }));
    rollUps.store();
    const [sum] = point('minute', 'hardware=pi', 'host');
    const read = (name: string) => metrics.get(name)?.read(sum?.sum ?? readRollUp('{}'), 60);
    expect(read('memory-used-p95')).toBeCloseTo(75, -1);
    expect(read('temperature-mean')).toBeCloseTo(51.2, 5);
    expect(read('agent-cpu-mean')).toBe(1);
    expect(read('total-p99')).toBeNull();
  });
});

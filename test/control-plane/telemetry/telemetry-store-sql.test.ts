import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applyChange } from '@bellwether/control-plane/fleet/device';
import { FleetStoreSql } from '@bellwether/control-plane/fleet/fleet-store-sql';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import type { Arrival } from '@bellwether/control-plane/telemetry/telemetry-store';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import { TimelineStoreSql } from '@bellwether/control-plane/timeline/timeline-store-sql';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { storedDevice } from '../../support/stored-device.js';
import { bytesOf, deviceId, eventOf, reportOf, windowOf } from '../../support/telemetry-messages.js';

let database: TestDatabase;
let store: TelemetryStoreSql;
beforeEach(async () => {
  database = await temporaryDatabase();
  store = new TelemetryStoreSql(database.sqlite, undefined, new TimelineStoreSql(database.sqlite));
});
afterEach(() => database.remove());

const told = (limit: number) => new TimelineStoreSql(database.sqlite).page({}, limit).events;

const sent = (what: 'window' | 'event' | 'report' | 'presence', message: unknown, arrivedAtMs = 1000): Arrival => ({
  device: deviceId,
  what,
  arrivedAtMs,
  decoded: decodeMessage(deviceId, what, bytesOf(message)),
});
const window = (sequence: number, changes = {}) => sent('window', windowOf({ sequence, ...changes }));

const newDevice = storedDevice();

describe('windows', () => {
  it('are stored once, however often they come and in whatever order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 0, 1, 2], { minLength: 8 }), (order) => {
        database.sqlite.exec(`delete from windows; delete from window_runs; update counters set value = 0`);
        const outcomes = order.flatMap((sequence) => store.commit([window(sequence)]));
        expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(5);
        expect(store.summary()).toMatchObject({ windowsReceived: 5, windowsDuplicate: 3, windowsLost: 0 });
      }),
      { numRuns: 20 },
    );
  });

  it('are stored with fields that this version does not know, which are counted once [W-3]', () => {
    const host = { ...windowOf().host, gpuPct: 3 };
    const news = () => window(0, { host, news: 1 });
    expect(store.commit([news(), news(), window(1)])).toEqual(['stored', 'duplicate', 'stored']);
    expect(store.commit([sent('event', { ...eventOf(), news: 1 })])).toEqual(['stored']);
    expect(store.summary()).toMatchObject({ windowsReceived: 2, unknownFields: 3 });
  });

  it('keep their first content; other content under the same key is an event, once [W-4]', () => {
    expect(store.commit([window(0)])).toEqual(['stored']);
    expect(store.commit([window(0, { bootId: 'other' }), window(0, { bootId: 'third' })])).toEqual([
      'conflict',
      'conflict',
    ]);
    expect(database.sqlite.prepare('select body from windows').all()).toEqual([{ body: JSON.stringify(windowOf()) }]);
    expect(told(10)).toMatchObject([{ kind: 'window-conflict', device: deviceId }]);
    expect(store.summary()).toMatchObject({ windowsReceived: 1, windowsDuplicate: 0 });
  });

  it('that are missing are lost until they come', () => {
    store.commit([window(0), window(4)]);
    expect(store.summary().windowsLost).toBe(3);
    store.commit([window(2)]);
    expect(store.summary().windowsLost).toBe(2);
  });

  it('that the device dropped are not counted twice: as its word and as a gap', () => {
    const outbox = { waiting: 0, bytes: 0, lostWindows: 3, lostEvents: 0 };
    store.commit([window(3, { outbox })]);
    expect(store.summary().windowsLost).toBe(3);
    store.commit([window(4, { outbox: { ...outbox, lostWindows: 5 } })]);
    expect(store.summary().windowsLost).toBe(5);
  });

  it('say what events the device dropped: its newest word counts, and an older one that comes late takes nothing back', () => {
    const dropped = (lostEvents: number) => ({ outbox: { waiting: 0, bytes: 0, lostWindows: 0, lostEvents } });
    store.commit([window(0), window(2, dropped(7)), window(1, dropped(4))]);
    expect(store.summary().eventsLost).toBe(7);
  });

  it('that cannot be read are set aside with their reason', () => {
    const payload = Buffer.alloc(10_000, 1);
    expect(store.commit([{ device: deviceId, what: 'window', arrivedAtMs: 5, rejected: 'no JSON', payload }])).toEqual([
      'rejected',
    ]);
    expect(store.summary().windowsRejected).toBe(1);
    const row = database.sqlite.prepare('select device, what, reason, length(body) as bytes from rejected').get();
    expect(row).toEqual({ device: deviceId, what: 'window', reason: 'no JSON', bytes: 4096 });
  });
});

describe('events', () => {
  it('are stored once and told newest first', () => {
    const first = sent('event', eventOf({ sequence: 0, release: 'digits@1.0.0' }));
    expect(
      store.commit([first, sent('event', eventOf({ sequence: 1, kind: 'brand-new-kind', code: 'golden' })), first]),
    ).toEqual(['stored', 'stored', 'duplicate']);
    expect(told(1)).toMatchObject([
      {
        device: deviceId,
        source: 'device',
        // By the device's own clock, which stands in another century than the server's: where it arrived.
        atMs: 1000,
        kind: 'brand-new-kind',
        release: null,
        code: 'golden',
        message: 'started',
      },
    ]);
    expect(told(10)).toHaveLength(2);
    expect(store.summary().eventsReceived).toBe(2);
  });
});

describe('a transaction', () => {
  it('stores all or nothing', () => {
    const poison = { ...sent('event', eventOf()), arrivedAtMs: Symbol('no number') as unknown as number };
    expect(() => store.commit([window(0), poison])).toThrow(/./);
    expect(store.summary().windowsReceived).toBe(0);
  });
});

describe('what a device said last', () => {
  const runs = ['1'.repeat(32), '2'.repeat(32)];
  const message = fc.oneof(
    fc.record({ kind: fc.constant('report' as const), run: fc.nat({ max: 1 }), sequence: fc.nat({ max: 5 }) }),
    fc.record({ kind: fc.constant('presence' as const), run: fc.nat({ max: 1 }), online: fc.boolean() }),
  );

  it('is the same after a restart as in memory, whatever came', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 12 }), async (messages) => {
        const fleet = new FleetStoreSql(database);
        database.sqlite.exec('delete from devices');
        await fleet.insertDevice(newDevice);
        let device = applyChange(newDevice, { seenAtMs: 1000 });
        for (const each of messages) {
          const runId = runs[each.run] ?? '';
          if (each.kind === 'report') {
            const report = reportOf({ runId, sequence: each.sequence });
            store.commit([sent('report', report)]);
            device = applyChange(device, { seenAtMs: 1000, report });
          } else {
            const presence = { version: 1, state: each.online ? 'online' : 'offline', runId } as const;
            store.commit([sent('presence', presence)]);
            device = applyChange(device, { seenAtMs: 1000, presence });
          }
        }
        const row = database.sqlite.prepare('select presence, presence_run_id as run, report from devices').get();
        expect(row).toEqual({
          presence: device.presence,
          run: device.presenceRunId,
          report: device.report === null ? null : JSON.stringify(device.report),
        });
        const [stored] = await fleet.devices();
        expect(stored).toMatchObject({ id: deviceId, presence: device.presence === 'never' ? 'never' : 'offline' });
      }),
      { numRuns: 40 },
    );
  });
});

describe('retention', () => {
  it('deletes what is too old, a bounded number of rows at a time, and counts go on', () => {
    store.commit([0, 1, 2, 3].map((sequence) => ({ ...window(sequence), arrivedAtMs: sequence * 1000 })));
    const trim = { windowsBeforeMs: 3000, eventsBeforeMs: 0, runsBeforeMs: 0, rejectedMessages: 1000, rowsPerPass: 2 };
    const left = () => database.sqlite.prepare('select sequence from windows order by sequence').pluck().all();
    store.trim(trim);
    expect(left()).toEqual([2, 3]);
    store.trim(trim);
    expect(left()).toEqual([3]);
    expect(store.summary()).toMatchObject({ windowsReceived: 4, windowsLost: 0 });
  });

  it('forgets runs that are long over, and not what they had lost', () => {
    const runs = ['a', 'b', 'c'].map((letter) => letter.repeat(32));
    for (const [i, runId] of runs.entries()) {
      store.commit([{ ...window(3, { runId }), arrivedAtMs: i * 1000 }]);
    }
    expect(store.summary().windowsLost).toBe(9);
    const trim = { windowsBeforeMs: 0, eventsBeforeMs: 0, runsBeforeMs: 9000, rejectedMessages: 2, rowsPerPass: 10 };
    expect(store.trim(trim)).toBe(2);
    // The newest may go on: it stays, however old.
    expect(database.sqlite.prepare('select run_id from window_runs').pluck().all()).toEqual([runs[2]]);
    expect(store.summary().windowsLost).toBe(9);
  });

  it('sheds the oldest windows, and none that is in no series yet', () => {
    store.commit([0, 1, 2, 3].map((sequence) => window(sequence)));
    const left = () => database.sqlite.prepare('select sequence from windows order by sequence').pluck().all();
    expect(store.shedWindows(10, 2000)).toBe(0);
    database.sqlite.exec(`update counters set value = 3 where name = 'windows-rolled-up'`);
    expect(store.shedWindows(10, 1000)).toBe(0);
    expect([store.shedWindows(2, 2000), left()]).toEqual([2, [2, 3]]);
    expect([store.shedWindows(2, 2000), left()]).toEqual([1, [3]]);
  });

  it('keeps a hundred rejected messages of a device, so that it pushes out no other', () => {
    const rejected = (device: string) => {
      return { device, what: 'event', arrivedAtMs: 1, rejected: 'no JSON', payload: Buffer.from('x') } as const;
    };
    store.commit([rejected(deviceId), ...Array.from({ length: 150 }, () => rejected('loud-0000'))]);
    store.trim({ windowsBeforeMs: 0, eventsBeforeMs: 0, runsBeforeMs: 0, rejectedMessages: 101, rowsPerPass: 10 });
    const kept = database.sqlite.prepare('select device, count(*) as kept from rejected group by device');
    expect(kept.all()).toEqual(
      expect.arrayContaining([
        { device: deviceId, kept: 1 },
        { device: 'loud-0000', kept: 100 },
      ]),
    );
  });

  it('keeps the newest rejected messages', () => {
    for (let i = 0; i < 5; i++) {
      store.commit([
        { device: deviceId, what: 'event', arrivedAtMs: i, rejected: `reason ${i}`, payload: Buffer.from('x') },
      ]);
    }
    store.trim({ windowsBeforeMs: 0, eventsBeforeMs: 0, runsBeforeMs: 0, rejectedMessages: 2, rowsPerPass: 10 });
    expect(database.sqlite.prepare('select reason from rejected order by id').pluck().all()).toEqual([
      'reason 3',
      'reason 4',
    ]);
  });
});

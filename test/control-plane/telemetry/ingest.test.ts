import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DevicePace } from '@bellwether/control-plane/telemetry/device-pace';
import { Ingest } from '@bellwether/control-plane/telemetry/ingest';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import { TimelineStoreSql } from '@bellwether/control-plane/timeline/timeline-store-sql';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { silentLog } from '@bellwether/shared/log';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';
import { bytesOf, deviceId, eventOf, windowOf } from '../../support/telemetry-messages.js';

let database: TestDatabase;
let clock: ManualClock;
let ingest: Ingest;
let pace: DevicePace;
let told: string[] = [];
beforeEach(async () => {
  database = await temporaryDatabase();
  clock = new ManualClock();
  told = [];
  pace = new DevicePace(10);
  ingest = new Ingest({
    clock,
    log: silentLog,
    pace,
    store: new TelemetryStoreSql(database.sqlite, undefined, new TimelineStoreSql(database.sqlite)),
    committed: (device, { kind }) => told.push(`${device} ${kind}`),
  });
});
afterEach(() => database.remove());

const stored = () => database.sqlite.prepare('select count(*) from windows').pluck().get();

describe('ingest', () => {
  it('answers when a message is committed, and tells the other rooms of what is new', async () => {
    let isAnswered = false;
    const both = Promise.all([
      ingest.accept(deviceId, 'window', bytesOf(windowOf())),
      ingest.accept(deviceId, 'window', bytesOf(windowOf())),
    ]).then(() => {
      isAnswered = true;
    });
    await new Promise(setImmediate);
    expect([isAnswered, stored(), told]).toEqual([false, 0, []]);
    await clock.advance(10);
    await both;
    expect([stored(), told]).toEqual([1, [`${deviceId} window`]]);
  });

  it('takes a message that nobody can read, so that the device does not send it for ever', async () => {
    const taken = ingest.accept(deviceId, 'window', Buffer.from('nonsense'));
    await clock.advance(10);
    await taken;
    expect(database.sqlite.prepare('select reason from rejected').pluck().get()).toContain('window');
    expect(told).toEqual([]);
  });

  it('lets a device that floods wait for its turn, before it is read, and nobody else', async () => {
    const payload = bytesOf(windowOf());
    const burst = Array.from({ length: 200 }, () => ingest.accept(deviceId, 'window', payload));
    await clock.advance(10);
    await Promise.all(burst);
    let isTaken = false;
    const late = ingest.accept(deviceId, 'event', bytesOf(eventOf())).then(() => {
      isTaken = true;
    });
    const other = 'other-0123456789abcdef';
    const others = ingest.accept(other, 'window', bytesOf(windowOf({ device: other })));
    await clock.advance(10);
    await others;
    expect([isTaken, pace.of(deviceId, clock.now().monotonicMs)?.messages]).toEqual([false, 1]);
    expect(pace.of(other, clock.now().monotonicMs)).toBeNull();
    await clock.advance(80);
    await clock.advance(10);
    await late;
    const { events } = new TimelineStoreSql(database.sqlite).page({}, 10);
    expect(events.map(({ kind }) => kind).sort()).toEqual(['agent-started', 'device-flooding']);
    // It has kept to the rate since.
    await clock.advance(60_000);
    expect(pace.of(deviceId, clock.now().monotonicMs)).toBeNull();
  });

  it('takes no message that would have to wait for half a minute, and none that waits when the server stops', async () => {
    const payload = bytesOf(windowOf());
    const sent = Array.from({ length: 520 }, () => ingest.accept(deviceId, 'window', payload).catch(codeOf));
    await clock.advance(10);
    ingest.stop();
    const outcomes = await Promise.all(sent);
    const count = (outcome: unknown) => outcomes.filter((each) => each === outcome).length;
    expect([count(undefined), count('stopping'), count('device-too-fast')]).toEqual([200, 300, 20]);
  });

  it('refuses every message of a commit that failed, and the next commit works', async () => {
    database.sqlite.exec('alter table windows rename to gone');
    const refused = ingest.accept(deviceId, 'window', bytesOf(windowOf())).catch(messageOf);
    await clock.advance(10);
    expect(await refused).toContain('no such table');
    expect(told).toEqual([]);
    database.sqlite.exec('alter table gone rename to windows');
    const taken = ingest.accept(deviceId, 'window', bytesOf(windowOf()));
    ingest.stop();
    await taken;
    expect(told).toEqual([`${deviceId} window`]);
  });
});

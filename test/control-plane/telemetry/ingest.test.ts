import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ingest } from '@bellwether/control-plane/telemetry/ingest';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import { messageOf } from '@bellwether/shared/errors';
import { silentLog } from '@bellwether/shared/log';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';
import { bytesOf, deviceId, windowOf } from '../../support/telemetry-messages.js';

let database: TestDatabase;
let clock: ManualClock;
let ingest: Ingest;
let told: string[] = [];
beforeEach(async () => {
  database = await temporaryDatabase();
  clock = new ManualClock();
  told = [];
  ingest = new Ingest({
    clock,
    log: silentLog,
    store: new TelemetryStoreSql(database.sqlite),
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

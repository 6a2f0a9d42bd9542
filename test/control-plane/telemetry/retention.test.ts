import { stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveDefaults } from '@bellwether/control-plane/config';
import { SpaceSqlite } from '@bellwether/control-plane/database/space-sqlite';
import { type SizeQuestion, type TableSize, TableSizesSql } from '@bellwether/control-plane/database/table-sizes-sql';
import { Retention } from '@bellwether/control-plane/telemetry/retention';
import { RollUpStoreSql } from '@bellwether/control-plane/telemetry/roll-up-store-sql';
import { SizeOfOthers } from '@bellwether/control-plane/telemetry/size-of-others';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import { TimelineStoreSql } from '@bellwether/control-plane/timeline/timeline-store-sql';
import { silentLog } from '@bellwether/shared/log';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';

const windows = 2000;
let database: TestDatabase;
let clock: ManualClock;
let retention: Retention;
let space: SpaceSqlite;

beforeEach(async () => {
  database = await temporaryDatabase();
  clock = new ManualClock();
  space = new SpaceSqlite(database.sqlite);
  const sizes = new TableSizesSql(database.sqlite);
  measure = (asked) => Promise.resolve(sizes.next(asked));
});
afterEach(async () => {
  retention.stop();
  await database.remove();
});

const count = (table: string) => Number(database.sqlite.prepare(`select count(*) from ${table}`).pluck().get());
const told = () =>
  new TimelineStoreSql(database.sqlite).page({}, 10).events.map(({ kind, message }) => `${kind}: ${message}`);

/** As a reading thread does it, in this one. */
let measure: (asked: SizeQuestion) => Promise<TableSize | null>;

function start(telemetryMb: number): void {
  retention = new Retention({
    clock,
    log: silentLog,
    store: new TelemetryStoreSql(database.sqlite),
    rollUps: new RollUpStoreSql(database.sqlite),
    timeline: new TimelineStoreSql(database.sqlite),
    space,
    others: new SizeOfOthers({ measure, clock, log: silentLog }),
    limits: { ...serveDefaults, telemetryMb },
    keptFreeBytes: 2 ** 20,
  });
  retention.start();
}

/** Windows of about 2.5 kB that are in the series, an hour apart. */
function fill(ageMs: number): void {
  const insert = database.sqlite.prepare(
    `insert into windows (device, run_id, sequence, digest, arrived_at_ms, body) values ('d', 'r', ?, 'x', ?, ?)`,
  );
  const body = 'x'.repeat(2500);
  const startMs = clock.now().wallMs - ageMs;
  database.sqlite.transaction(() => {
    for (let i = 0; i < windows; i++) insert.run(i, startMs + i, body);
  })();
  database.sqlite.exec(`update counters set value = ${windows} where name = 'windows-rolled-up'`);
}

/** Something else in the database becomes so large. */
function grow(megabytes: number): void {
  const insert = database.sqlite.prepare(
    `insert into rejected (device, what, reason, arrived_at_ms, body) values ('d', 'window', '', 0, ?)`,
  );
  database.sqlite.transaction(() => {
    for (let i = 0; i < megabytes; i++) insert.run(Buffer.alloc(2 ** 20 - 5000));
  })();
}

/** Two minutes: in the first it may only be measured. And on as long as there is more to do. */
async function passes(): Promise<void> {
  await clock.advance(60_000);
  await clock.advance(60_000);
  while (clock.pending[0] === 20) await clock.advance(20);
}

describe('what is kept', () => {
  it('is bounded by age, also where more comes in a minute than one pass deletes', async () => {
    fill(8 * 86_400_000);
    start(1000);
    await clock.advance(60_000);
    expect(count('windows')).toBe(windows - 100);
    while (clock.pending[0] === 20) await clock.advance(20);
    expect(count('windows')).toBe(1);
    expect(told()).toEqual([]);
  });

  it('is bounded by size: the oldest windows go first, it is said, and the file becomes smaller', async () => {
    fill(7_200_000);
    database.sqlite.pragma('wal_checkpoint(truncate)');
    const usedBefore = space.usedBytes();
    start(4);
    await passes();
    // All is done: the next pass comes in a minute.
    expect(clock.pending).toEqual([60_000]);
    expect(usedBefore).toBeGreaterThan(7 * 2 ** 20);
    expect(space.usedBytes()).toBeLessThanOrEqual(4.6 * 2 ** 20);
    expect(space.freeBytes()).toBeLessThanOrEqual(1.5 * 2 ** 20);
    // Each takes a page of 4 kB.
    expect(count('windows')).toBeGreaterThanOrEqual(800);
    expect(database.sqlite.prepare('select min(sequence) from windows').pluck().get()).toBe(windows - count('windows'));
    expect(told()).toEqual([
      'telemetry-shed: windows and series have reached 4 MB: the oldest windows go before their time',
    ]);
    expect(retention.isShort).toBe(false);
    database.sqlite.pragma('wal_checkpoint(truncate)');
    const { size: after } = await stat(database.path);
    expect(after).toBeLessThan(6 * 2 ** 20);
  });

  it('is not pushed out by what is no telemetry, however large that becomes', async () => {
    fill(7_200_000);
    grow(12);
    expect(space.usedBytes()).toBeGreaterThan(20 * 2 ** 20);
    start(10);
    await passes();
    expect([count('windows'), told()]).toEqual([windows, []]);
    // What it was measured to be holds for an hour.
    grow(4);
    await passes();
    expect(count('windows')).toBeLessThan(windows);
    const before = count('windows');
    await clock.advance(3_600_000);
    grow(3);
    await passes();
    expect(count('windows')).toBe(before);
  });

  it('is all that there is to delete where the rest cannot be measured', async () => {
    fill(7_200_000);
    grow(4);
    measure = () => Promise.reject(new Error('nobody reads'));
    start(8);
    await passes();
    expect(space.usedBytes()).toBeLessThanOrEqual(8 * 2 ** 20);
    expect(count('windows')).toBeGreaterThan(500);
  });

  it('of the last hour is deleted only where nothing older is left, and that is said', async () => {
    fill(2000);
    start(4);
    expect(retention.isShort).toBe(false);
    await passes();
    expect(told()).toEqual([
      'telemetry-shed: windows and series have reached 4 MB: windows of the last hour go before their time',
    ]);
    expect(retention.isShort).toBe(true);
    await clock.advance(3_700_000);
    expect(retention.isShort).toBe(false);
  });
});

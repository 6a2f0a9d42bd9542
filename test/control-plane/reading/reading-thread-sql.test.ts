import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TableSizesSql } from '@bellwether/control-plane/database/table-sizes-sql';
import { ReadingThread } from '@bellwether/control-plane/reading/reading-thread-sql';
import { TimelineStoreSql } from '@bellwether/control-plane/timeline/timeline-store-sql';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';

let database: TestDatabase;
let timeline: TimelineStoreSql;
let clock: ManualClock;
let thread: ReadingThread;
beforeAll(async () => {
  database = await temporaryDatabase();
  timeline = new TimelineStoreSql(database.sqlite);
  clock = new ManualClock();
  thread = new ReadingThread(database.path, clock);
});
afterAll(async () => {
  await thread.stop();
  await database.remove();
});

const tell = (sequence: number): boolean =>
  timeline.add({ key: { source: 's', run: 'r', sequence }, kind: 'k', atMs: 1, arrivedAtMs: 1, message: 'm' });
const newest = async (): Promise<number> => (await thread.ask('events', { query: {}, limit: 1 })).newest;
/** Why there is no answer; an answer is none. */
const failing = (asked = newest()): Promise<string> =>
  asked.then(
    () => 'it answered',
    (thrown: unknown) => `${codeOf(thrown)}: ${messageOf(thrown)}`,
  );

describe('a thread that reads the database', () => {
  it('answers with everything that was committed before the question', async () => {
    for (let sequence = 1; sequence <= 20; sequence++) {
      tell(sequence);
      expect(await newest()).toBe(sequence);
    }
  });

  it('measures how much room a table takes', async () => {
    const except = ['audit', 'events'];
    const first = new TableSizesSql(database.sqlite).next({ after: 'e', except });
    expect(await thread.ask('size', { after: 'e', except })).toEqual(first);
    expect(first?.bytes).toBeGreaterThanOrEqual(4096);
    expect(first?.name).not.toMatch(/^events/);
    expect(await thread.ask('size', { after: 'zzz', except })).toBeNull();
  });

  it('ends with the one question that it does not answer in time; those behind it are answered', async () => {
    const late = failing();
    const behind = newest();
    // Before the thread can have said anything: its words come with a later turn of this loop.
    await clock.advance(20_000);
    expect(await late).toMatch(/^events-timeout: .*within 20 s/);
    expect(await behind).toBe(20);
    expect(await newest()).toBe(20);
    // No deadline is left of what was answered.
    expect(clock.pending).toEqual([]);
  });

  it('fails what cannot be read, and goes on with the next question', async () => {
    database.sqlite.exec('alter table events rename to elsewhere');
    expect(await failing()).toMatch(/^events-timeout: .*no such table/);
    database.sqlite.exec('alter table elsewhere rename to events');
    expect(await newest()).toBe(20);
  });

  it('goes on after it was ended, and fails what it was asked until then', async () => {
    const asked = failing();
    await thread.stop();
    expect(await asked).toMatch(/^events-timeout: .*stopping/);
    expect(await newest()).toBe(20);
  });

  it('turns questions away while too many wait', async () => {
    const asked = Array.from({ length: 33 }, newest);
    expect(await failing(asked[32])).toMatch(/^events-timeout: 32 questions/);
    expect(await Promise.all(asked.slice(0, 32))).toEqual(Array.from({ length: 32 }, () => 20));
  });
});

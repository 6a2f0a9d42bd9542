import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Reading } from '@bellwether/control-plane/reading/reading-sql';
import type { EventQuery } from '@bellwether/control-plane/timeline/timeline-api';
import { TimelineReaderSql } from '@bellwether/control-plane/timeline/timeline-reader-sql';
import { systemClock } from '@bellwether/shared/clock';
import { type TestDatabase, temporaryDatabase } from '../support/database.js';

const rows = 300_000;
const devices = 5000;
let database: TestDatabase;
let reading: Reading;

/** A month of a fleet: two labels that all but one device carry, releases now and then, one release and one label hardly ever. */
beforeAll(async () => {
  database = await temporaryDatabase();
  reading = new Reading(database.path, systemClock);
  database.sqlite.exec(`
    pragma synchronous = off;
    with recursive n(i) as (select 0 union all select i + 1 from n where i < ${devices - 1})
    insert into devices (id, public_key, labels, token_id, enrolled_at_ms, presence, standing, former_keys)
    select 'pi-' || printf('%016x', i), 'key ' || i, iif(i = 7, '{"site":"rare"}', '{"site":"all"}'), 't', 0, 'never', 'approved', '[]'
    from n;
    with recursive n(i) as (select 0 union all select i + 1 from n where i < ${rows - 1})
    insert into events (device, source, run_id, sequence, digest, at_ms, arrived_at_ms, time_ms, kind, release, label, message)
    select 'pi-' || printf('%016x', i % ${devices}), 'device', 'r', i, '', i, i, i, iif(i % 2, 'device-online', 'device-offline'),
      iif(i < 20, 'digits@9.9.9', iif(i % 9 = 0, 'digits@1.0.0', null)), iif(i = 50, 'site=rare', null), 'it is connected' from n;`);
}, 60_000);
afterAll(async () => {
  await reading.stop();
  await database.remove();
});

describe(`a timeline of ${rows} rows`, () => {
  it('is read elsewhere: an answer comes with a later turn of this loop, whatever it takes to find', async () => {
    const events = (query: EventQuery) => reading.ask('events', { query, limit: 100 });
    // The thread is up.
    expect((await events({})).events).toHaveLength(100);
    let isAnswered = false;
    // Followed from the beginning, every row is looked at.
    const answer = events({ label: 'site=none', after: 0 }).finally(() => {
      isAnswered = true;
    });
    // All that can happen in this turn has happened: read here, it would be answered.
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
    for (let i = 0; i < 100; i++) await Promise.resolve();
    expect(isAnswered).toBe(false);
    expect((await answer).events).toEqual([]);
  });

  it.each<[string, EventQuery, number]>([
    ['a label of one device', { label: 'site=rare' }, 61],
    ['a label of thousands of devices', { label: 'site=all' }, 100],
    ['a label that nothing carries', { label: 'site=none' }, 0],
    ['a label of one device, and a kind', { label: 'site=rare', kind: 'device-offline' }, 1],
    ['a release that is hardly named', { release: 'digits@9.9.9' }, 20],
    ['a device', { device: 'pi-0000000000000007' }, 60],
  ])('answers for %s without looking through it', (_what, query, expected) => {
    const reader = new TimelineReaderSql(database.sqlite);
    // The quickest of ten: others may use this machine.
    const times = Array.from({ length: 10 }, () => {
      const beganMs = performance.now();
      expect(reader.page(query, 100).events).toHaveLength(expected);
      return performance.now() - beganMs;
    });
    expect(Math.min(...times)).toBeLessThan(50);
  });
});

import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventQuery, TimelineEvent } from '@bellwether/control-plane/timeline/timeline-api';
import { TimelineStoreSql } from '@bellwether/control-plane/timeline/timeline-store-sql';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';

const startMs = 1_700_000_000_000;
const ids = Array.from({ length: 6 }, (_, i) => `pi-000000000000000${i}`);

let database: TestDatabase;
beforeEach(async () => {
  database = await temporaryDatabase(':memory:');
});
afterEach(() => database.remove());

const entry = fc.record({
  device: fc.constantFrom(undefined, ...ids),
  label: fc.constantFrom(undefined, 'site=a', 'site=b'),
  // Many rows share a moment: the order within it is theirs of storing.
  atMs: fc.integer({ min: startMs, max: startMs + 5 }),
  kind: fc.constantFrom('up', 'down'),
  release: fc.constantFrom(undefined, 'digits@1.0.0', 'digits@1.1.0'),
});
const question = fc.record(
  {
    kind: fc.constantFrom('up', 'up,down', 'none'),
    release: fc.constantFrom('digits@1.0.0'),
    device: fc.constantFrom(...ids),
    from: fc.integer({ min: startMs, max: startMs + 3 }),
    to: fc.integer({ min: startMs + 2, max: startMs + 6 }),
  },
  { requiredKeys: [] },
);

describe('the timeline of a label', () => {
  it('is, page by page, what a look at every row finds', () => {
    const property = fc.property(
      fc.array(entry, { maxLength: 60, size: 'max' }),
      fc.array(fc.constantFrom('a', 'b', undefined), { minLength: ids.length, maxLength: ids.length }),
      question,
      fc.integer({ min: 1, max: 7 }),
      (entries, sites, query, limit) => {
        fill(sites);
        const timeline = new TimelineStoreSql(database.sqlite);
        for (const [sequence, each] of entries.entries())
          timeline.add({ ...each, key: { source: 's', run: 'r', sequence }, arrivedAtMs: startMs + 9, message: '' });
        const all = timeline.page({}, 1000).events;
        const siteOf = new Map(ids.map((id, i) => [id, sites[i]]));
        const isOf = ({ device, label }: TimelineEvent): boolean =>
          label === 'site=a' || (device !== null && siteOf.get(device) === 'a');
        const fits = (row: TimelineEvent): boolean =>
          isOf(row) &&
          (query.kind === undefined || query.kind.split(',').includes(row.kind)) &&
          (query.release === undefined || query.release === row.release) &&
          (query.device === undefined || query.device === row.device) &&
          (query.from === undefined || row.atMs >= query.from) &&
          (query.to === undefined || row.atMs < query.to);
        expect(pages(timeline, { ...query, label: 'site=a' }, limit)).toEqual(all.filter(fits));
      },
    );
    fc.assert(property, { numRuns: 150 });
  });
});

function pages(timeline: TimelineStoreSql, query: EventQuery, limit: number): TimelineEvent[] {
  const read: TimelineEvent[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = timeline.page(cursor === undefined ? query : { ...query, cursor }, limit);
    expect(page.events.length).toBeLessThanOrEqual(limit);
    read.push(...page.events);
    cursor = page.cursor;
  }
  return read;
}

/** Nothing but devices, each at its site. */
function fill(sites: readonly (string | undefined)[]): void {
  database.sqlite.exec('delete from events; delete from devices');
  const insert = database.sqlite.prepare(
    `insert into devices (id, public_key, labels, token_id, enrolled_at_ms, presence, standing, former_keys)
     values (?, ?, ?, 't', 0, 'never', 'approved', '[]')`,
  );
  for (const [i, id] of ids.entries()) {
    const labels = { 'the.rack': 'a', ...(sites[i] !== undefined && { site: sites[i] }) };
    insert.run(id, `key ${i}`, JSON.stringify(labels));
  }
}

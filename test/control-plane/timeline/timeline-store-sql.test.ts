import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventQuery } from '@bellwether/control-plane/timeline/timeline-api';
import { csvOf } from '@bellwether/control-plane/timeline/timeline-csv';
import { type TimelineEntry, timeOf } from '@bellwether/control-plane/timeline/timeline-entry';
import { TimelineStoreSql } from '@bellwether/control-plane/timeline/timeline-store-sql';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';

const startMs = 1_700_000_000_000;
const [pi, nano] = ['pi-0123456789abcdef', 'nano-0123456789abcdef'];

let database: TestDatabase;
let timeline: TimelineStoreSql;
let pokes = 0;
beforeEach(async () => {
  database = await temporaryDatabase(':memory:');
  pokes = 0;
  timeline = new TimelineStoreSql(database.sqlite, () => pokes++);
  const device = database.sqlite.prepare(
    `insert into devices (id, public_key, labels, token_id, enrolled_at_ms, presence, standing, former_keys)
     values (?, ?, ?, 't', 0, 'never', 'approved', '[]')`,
  );
  device.run(pi, 'a', '{"site":"harbour","the.rack":"7"}');
  device.run(nano, 'b', '{"site":"hill"}');
  const rollout = database.sqlite.prepare(
    `insert into rollouts (model, version, manifest, target, phase, created_at_ms) values ('digits', ?, '', '{}', 'done', 0)`,
  );
  for (const version of ['1.0.0', '1.1.0', '1.1.0']) rollout.run(version);
});
afterEach(() => database.remove());

let sequence = 0;
function tell(changes: Partial<TimelineEntry> = {}): boolean {
  const key = { source: 'device', run: 'a', sequence: sequence++ };
  return timeline.add({ key, kind: 'k', atMs: startMs, arrivedAtMs: startMs, message: `${key.sequence}`, ...changes });
}
const kinds = (query: EventQuery, limit = 100) => timeline.page(query, limit).events.map(({ kind }) => kind);

describe('the timeline', () => {
  it('tells a thing once, whoever tells it again', () => {
    const key = { source: 'alert', run: 'a1', sequence: 0 };
    expect([tell({ key }), tell({ key, message: 'other words' }), tell({ key, device: pi })]).toEqual([
      true,
      false,
      true,
    ]);
    expect(pokes).toBe(2);
  });

  it('knows which releases a device served before a time, the newest last', () => {
    const serve = (device: string, release: string, atMs: number, kind = 'release-serving') =>
      tell({ kind, device, release, atMs });
    serve(pi, 'digits@1.0.0', startMs - 500);
    serve(pi, 'digits@1.1.0', startMs - 400);
    serve(nano, 'digits@1.1.0', startMs - 350);
    serve(pi, 'digits@1.0.0', startMs - 300);
    serve(pi, 'digits@1.2.0', startMs - 250, 'release-settled');
    serve(pi, 'digits@1.2.0', startMs - 200);
    expect(timeline.servedBefore(startMs - 200)).toEqual([
      { device: pi, release: 'digits@1.1.0' },
      { device: nano, release: 'digits@1.1.0' },
      { device: pi, release: 'digits@1.0.0' },
    ]);
  });

  it('stands by time, and what a wrong clock told where it arrived', () => {
    tell({ kind: 'late', atMs: startMs - 5000 });
    tell({ kind: 'now', atMs: startMs });
    tell({ kind: 'from-the-future', atMs: startMs + 9e9, arrivedAtMs: startMs - 1 });
    expect(kinds({})).toEqual(['now', 'from-the-future', 'late']);
    expect(timeOf({ atMs: 0, arrivedAtMs: startMs })).toBe(startMs);
    expect(timeOf({ atMs: startMs - 365 * 86_400_000, arrivedAtMs: startMs })).toBe(startMs - 365 * 86_400_000);
  });

  it('is read page by page, nothing twice and nothing left out, also where rows share a time', () => {
    for (let i = 0; i < 25; i++) tell({ kind: `k${i}`, atMs: startMs + Math.floor(i / 10), arrivedAtMs: startMs + 5 });
    const read: string[] = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = timeline.page(cursor === undefined ? {} : { cursor }, 7);
      read.push(...page.events.map(({ kind }) => kind));
      cursor = page.cursor;
      // What happens meanwhile is newer, and in no page.
      tell({ kind: 'meanwhile', atMs: startMs + 5, arrivedAtMs: startMs + 5 });
    }
    expect(read).toEqual(Array.from({ length: 25 }, (_, i) => `k${24 - i}`));
  });

  it.each<[string, EventQuery, readonly string[]]>([
    ['a device', { device: pi }, ['up', 'serving']],
    ['a model', { model: 'digits' }, ['order', 'serving']],
    ['a release', { release: 'digits@1.1.0' }, ['order', 'serving']],
    ['a rollout, which the newest of the release is unless another is named', { rollout: 'r3' }, ['serving']],
    ['a rollout by name', { rollout: 'r2' }, ['order']],
    ['kinds', { kind: 'up,label' }, ['label', 'up']],
    ['a label, of devices and of rows', { label: 'site=harbour' }, ['label', 'up', 'serving']],
    ['a label with dots', { label: 'the.rack=7' }, ['up', 'serving']],
    ['a stretch of time', { from: startMs + 1, to: startMs + 3 }, ['order', 'up']],
    ['what was stored after a row, in that order', { after: 2, kind: 'order,label' }, ['order', 'label']],
    ['several of these', { device: pi, kind: 'up' }, ['up']],
  ])('answers for %s', (_what, query, expected) => {
    const at = (offset: number) => ({ atMs: startMs + offset, arrivedAtMs: startMs + 9 });
    tell({ ...at(0), kind: 'serving', device: pi, release: 'digits@1.1.0' });
    tell({ ...at(1), kind: 'up', device: pi });
    tell({ ...at(2), kind: 'order', device: nano, release: 'digits@1.1.0', rollout: 'r2' });
    tell({ ...at(3), kind: 'label', label: 'site=harbour', model: 'other' });
    expect(kinds(query)).toEqual(expected);
  });

  it('says the newest row, to follow from, whatever is asked', () => {
    tell({ kind: 'a' });
    tell({ kind: 'b' });
    expect(timeline.page({ kind: 'a' }, 10)).toMatchObject({ newest: 2, cursor: null });
    expect(timeline.since(1, 10).map(({ kind }) => kind)).toEqual(['b']);
  });
});

it('a row as CSV is one line, and no formula to a spreadsheet', () => {
  tell({ kind: 'k', device: pi, message: '=cmd|"calc"\n1,2' });
  const [header, row] = csvOf(timeline.page({}, 1).events).split('\r\n');
  expect(header).toBe('time,id,source,actor,kind,device,model,release,rollout,label,code,message');
  expect(row).toBe(`2023-11-14T22:13:20.000Z,1,device,,k,${pi},,,,,,"'=cmd|""calc""\n1,2"`);
});

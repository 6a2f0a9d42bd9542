import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Audit } from '@bellwether/control-plane/audit/audit';
import { digestOf, nextRow } from '@bellwether/control-plane/audit/audit-chain';
import { AuditCheck } from '@bellwether/control-plane/audit/audit-check';
import { openHead } from '@bellwether/control-plane/audit/audit-head';
import { AuditHeads, headEveryMs } from '@bellwether/control-plane/audit/audit-heads';
import type { AuditRow } from '@bellwether/control-plane/audit/audit-row';
import { AuditStoreSql } from '@bellwether/control-plane/audit/audit-store-sql';
import { codeOf } from '@bellwether/shared/errors';
import { silentLog } from '@bellwether/shared/log';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';

/** A log of eight rows, r1 to r8. */
function sound(length = 8): AuditRow[] {
  const rows: AuditRow[] = [];
  for (let i = 1; i <= length; i++) {
    rows.push(
      nextRow({ actor: 'server', action: 'rollout.create', subject: `r${i}`, details: { n: i } }, rows.at(-1), i),
    );
  }
  return rows;
}

/** The rest of a log, chained anew as somebody does who has the database and this code. */
function rechained(rows: readonly AuditRow[], from: number): AuditRow[] {
  const kept = rows.slice(0, from);
  for (const { atMs, actor, action, subject, details } of rows.slice(from)) {
    kept.push(nextRow({ actor, action, subject, details } as never, kept.at(-1), atMs));
  }
  return kept;
}

const headOf = (rows: readonly AuditRow[]) => {
  const last = rows.at(-1);
  return {
    sequence: last?.sequence ?? 0,
    digest: last?.digest ?? '',
    who: 'somebody',
  };
};

function found(rows: readonly AuditRow[], head = headOf(sound())) {
  const check = new AuditCheck([head]);
  for (const row of rows) check.add(row);
  return check.finish().map(({ kind, sequence }) => `${kind} ${sequence}`);
}

describe('a log that somebody had in their hands', () => {
  const log = sound();
  const at = (i: number) => log[i] as AuditRow;
  const renumbered = (i: number, sequence: number) => ({ ...at(i), sequence });

  it.each<readonly [string, readonly AuditRow[], readonly string[]]>([
    ['nothing', log, []],
    ['grown since', sound(12), []],
    ['a word in a row', log.with(3, { ...at(3), subject: 'r99' }), ['altered 4']],
    ['a time', log.with(0, { ...at(0), atMs: 99 }), ['altered 1']],
    ['a detail', log.with(3, { ...at(3), details: { n: 5 } }), ['altered 4']],
    ['a row left out', log.toSpliced(2, 1), ['removed 3']],
    ['the first rows left out', log.slice(2), ['removed 1']],
    ['two stretches left out', [at(0), at(3), at(6), at(7)], ['removed 2', 'removed 5']],
    ['the last rows cut off', log.slice(0, 5), ['truncated 6']],
    ['everything gone', [], ['truncated 1']],
    ['two rows in the other order', [...log.slice(0, 2), at(3), at(2), ...log.slice(4)], ['reordered 3']],
    [
      'two rows that changed numbers',
      [at(0), renumbered(2, 2), renumbered(1, 3), ...log.slice(3)],
      ['reordered 2', 'reordered 3'],
    ],
    ['a row twice', [...log.slice(0, 4), ...log.slice(3)], ['repeated 4']],
    [
      'a row with its digest made anew',
      log.with(3, { ...at(3), subject: 'r99', digest: digestOf({ ...at(3), subject: 'r99' }) }),
      ['unlinked 5'],
    ],
    ['all from a row on, chained anew', rechained(log.with(3, { ...at(3), subject: 'r99' }), 3), ['rewritten 8']],
    ['a row left out, and the rest chained anew', rechained(log.toSpliced(3, 1), 3), ['truncated 8']],
    ['a row put in, and the rest chained anew', rechained([...log.slice(0, 4), ...log.slice(3)], 4), ['rewritten 8']],
  ])('%s', (_what, rows, want) => {
    const said = found(rows);
    // A row that changed under its link may show at its neighbour as well; what it is must be said first.
    expect(said.filter((line) => !line.startsWith('unlinked') || want.includes(line))).toEqual(want);
  });

  it('cannot be told without a head when its end is gone or all is written anew: that is what heads are for', () => {
    const check = new AuditCheck();
    for (const row of rechained(log.slice(0, 5), 2)) check.add(row);
    expect(check.finish()).toEqual([]);
  });
});

describe('signed heads', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await temporaryDatabase();
  });
  afterEach(() => database.remove());

  it('are signed at the start and every ten minutes, once for each length of the log', async () => {
    const clock = new ManualClock();
    const store = new AuditStoreSql(database.sqlite);
    const audit = new Audit(store, clock);
    const key = generateKeyPair();
    const heads = new AuditHeads({ store, clock, log: silentLog, key });
    const entry = { actor: 'server', action: 'server.start', subject: 'server' } as const;
    heads.start();
    audit.record(entry);
    await clock.advance(headEveryMs);
    await clock.advance(headEveryMs);
    audit.record(entry);
    audit.record(entry);
    await clock.advance(headEveryMs);
    expect(heads.list(10).map(({ sequence }) => sequence)).toEqual([3, 1, 0]);
    heads.stop();
    expect(clock.pending).toEqual([]);
    const kept = (envelope: string, by = key.publicKey) =>
      Buffer.from(JSON.stringify({ version: 1, public: by, envelope: JSON.parse(envelope) as unknown }));
    const head = openHead(kept(heads.sign().envelope));
    expect(head).toMatchObject({ sequence: 3, digest: audit.rows(2, 1)[0]?.digest });
    let refusal: unknown;
    try {
      openHead(kept(heads.sign().envelope, generateKeyPair().publicKey));
    } catch (error) {
      refusal = codeOf(error);
    }
    expect(refusal).toBe('signature');
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Audit } from '@bellwether/control-plane/audit/audit';
import { digestOf, genesisDigest } from '@bellwether/control-plane/audit/audit-chain';
import { AuditStoreSql } from '@bellwether/control-plane/audit/audit-store-sql';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { ManualClock } from '../../support/manual-clock.js';

let database: TestDatabase;
let clock: ManualClock;
let audit: Audit;
beforeEach(async () => {
  database = await temporaryDatabase();
  clock = new ManualClock();
  audit = new Audit(new AuditStoreSql(database.sqlite), clock);
});
afterEach(() => database.remove());

describe('the audit log', () => {
  it('chains each row to the one before, from zeros on', async () => {
    audit.record({ actor: 'server', action: 'server.start', subject: 'server' });
    await clock.advance(1000);
    audit.record({ actor: 'operator:alice', action: 'rollout.create', subject: 'r1', details: { b: 1, a: 'x' } });
    const [first, second] = audit.rows(0, 10);
    expect(first).toMatchObject({ sequence: 1, previous: genesisDigest, details: {} });
    expect(second).toMatchObject({ sequence: 2, previous: first?.digest, actor: 'operator:alice' });
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBe(1000);
    for (const row of audit.rows(0, 10)) expect(digestOf(row)).toBe(row.digest);
  });

  it('goes on where a restart found it', () => {
    audit.record({ actor: 'server', action: 'server.start', subject: 'server' });
    const again = new Audit(new AuditStoreSql(database.sqlite), clock);
    again.record({ actor: 'server', action: 'server.start', subject: 'server' });
    const rows = again.rows(0, 10);
    expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(rows[1]?.previous).toBe(rows[0]?.digest);
    expect(again.rows(1, 10)).toHaveLength(1);
  });

  it('writes decisions that were taken together in one transaction: all or none', () => {
    const entry = (subject: string) => ({ actor: 'server', action: 'order.issue', subject }) as const;
    audit.recordAll([entry('a'), entry('b')]);
    database.sqlite.exec(`create trigger refuse before insert on audit_rows when new.subject = 'e'
      begin select raise(abort, 'no'); end`);
    expect(() => audit.recordAll([entry('d'), entry('e')])).toThrow(/no/);
    expect(audit.rows(0, 10).map(({ subject }) => subject)).toEqual(['a', 'b']);
  });

  it('cuts texts that are too long rather than lose the row', () => {
    const long = 'x'.repeat(10_000);
    audit.record({ actor: `device:${long}`, action: `a.${long}`, subject: long, details: { message: long } });
    const [row] = audit.rows(0, 1);
    expect([row?.actor.length, row?.action.length, row?.subject.length]).toEqual([200, 100, 500]);
    expect(row?.details['message']).toHaveLength(500);
    expect(digestOf(row as never)).toBe(row?.digest);
  });
});

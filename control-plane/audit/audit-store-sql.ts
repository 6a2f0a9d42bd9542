import type { Database } from 'better-sqlite3';
import type { Selectable } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile } from '@bellwether/shared/schema';
import type { Tables } from '../database/schema.js';
import { auditEvent } from '../timeline/audit-events.js';
import { noTimeline, type Timeline } from '../timeline/timeline-entry.js';
import type { ChainEnd } from './audit-chain.js';
import { AuditRow } from './audit-row.js';
import type { AuditHeadStore, AuditStore, StoredHead } from './audit-store.js';

const compiledDetails = Compile(AuditRow.properties.details);

/** The audit log in SQLite. Durable when `append` returns: the database is opened with synchronous=FULL [W-6]. */
export class AuditStoreSql implements AuditStore, AuditHeadStore {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #append: (make: (last: ChainEnd | undefined) => readonly AuditRow[]) => void;

  /** `timeline`: is told what everybody may see of it, in the same transaction. */
  constructor(db: Database, timeline: Timeline = noTimeline) {
    this.#statements = prepare(db);
    const transaction = db.transaction((make: (last: ChainEnd | undefined) => readonly AuditRow[]) => {
      for (const row of make(this.end())) {
        this.#statements.insert.run({ ...row, details: JSON.stringify(row.details) });
        const event = auditEvent(row);
        if (event !== undefined) timeline.add(event);
      }
    });
    this.#append = (make) => transaction.immediate(make);
  }

  append(make: (last: ChainEnd | undefined) => readonly AuditRow[]): void {
    this.#append(make);
  }

  end(): ChainEnd | undefined {
    return this.#statements.last.get();
  }

  rows(after: number, limit: number): readonly AuditRow[] {
    return this.#statements.rows.all(after, limit).map(rowOf);
  }

  head(sequence: number): StoredHead | undefined {
    const row = this.#statements.head.get(sequence);
    return row === undefined ? undefined : headOf(row);
  }

  insertHead(head: StoredHead): void {
    this.#statements.insertHead.run({ ...head });
  }

  heads(limit: number): readonly StoredHead[] {
    return this.#statements.heads.all(limit).map(headOf);
  }
}

type Stored = Selectable<Tables['audit_rows']>;
type Head = Selectable<Tables['audit_heads']>;
type Values = Readonly<Record<string, unknown>>;

function prepare(db: Database) {
  return {
    last: db.prepare<[], ChainEnd>('select sequence, digest from audit_rows order by sequence desc limit 1'),
    rows: db.prepare<[number, number], Stored>('select * from audit_rows where sequence > ? order by sequence limit ?'),
    insert: db.prepare<[Values]>(
      `insert into audit_rows (sequence, at_ms, actor, action, subject, details, previous, digest)
       values (@sequence, @atMs, @actor, @action, @subject, @details, @previous, @digest)`,
    ),
    head: db.prepare<[number], Head>('select * from audit_heads where sequence = ?'),
    heads: db.prepare<[number], Head>('select * from audit_heads order by sequence desc limit ?'),
    insertHead: db.prepare<[Values]>(
      'insert into audit_heads (sequence, at_ms, envelope) values (@sequence, @atMs, @envelope)',
    ),
  };
}

function rowOf({ at_ms: atMs, details, ...row }: Stored): AuditRow {
  const what = `the details of audit row ${row.sequence}`;
  return { ...row, atMs, details: checkSchema(compiledDetails, parseStrictJson(Buffer.from(details)), what) };
}

function headOf({ sequence, at_ms: atMs, envelope }: Head): StoredHead {
  return { sequence, atMs, envelope };
}

import type { Database } from 'better-sqlite3';
import type { Selectable } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile } from '@bellwether/shared/schema';
import type { Tables } from '../database/schema.js';
import type { AlertRecord } from './alert-record.js';
import { StoredAlert, StoredSilence } from './alert-stored.js';
import { alertKey } from './reading.js';
import type { Silence } from './silence.js';

const compiledAlert = Compile(StoredAlert);
const compiledSilence = Compile(StoredSilence);

/** Alerts and silences in SQLite. Durable when a function returns: the database is opened with synchronous=FULL [W-6]. */
export class AlertStoreSql {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #transact: <Result>(act: () => Result) => Result;

  constructor(db: Database) {
    this.#statements = prepare(db);
    this.#transact = (act) => db.transaction(act).immediate();
  }

  /** Those that are not resolved, and the newest that are; the newest first. */
  recent(resolved: number): AlertRecord[] {
    return [...this.#statements.active.all(), ...this.#statements.resolved.all(resolved)]
      .map(recordOf)
      .toSorted((a, b) => (b.number ?? 0) - (a.number ?? 0));
  }

  find(number: number): AlertRecord | undefined {
    const row = this.#statements.find.get(number);
    return row === undefined ? undefined : recordOf(row);
  }

  /**
   * Stores all of them or none, and answers them with their numbers. `also` is called within the same transaction: what it
   * stores is there when the alerts are, and otherwise not.
   */
  save(
    alerts: readonly AlertRecord[],
    also: (saved: readonly AlertRecord[]) => void = () => {},
  ): readonly AlertRecord[] {
    return this.#transact(() => {
      const saved = alerts.map((alert) => this.#saveOne(alert));
      also(saved);
      return saved;
    });
  }

  /** Those that last or will come, the newest first. */
  silences(nowMs: number): Silence[] {
    return this.#statements.silences.all(nowMs).map(({ number, body }) => silenceOf(number, body));
  }

  insertSilence(silence: Omit<Silence, 'id'>): Silence {
    const { lastInsertRowid } = this.#statements.insertSilence.run(silence.untilMs, JSON.stringify(silence));
    return { id: `s${String(lastInsertRowid)}`, ...silence };
  }

  removeSilence(id: string): void {
    this.#statements.removeSilence.run(Number(id.slice(1)));
  }

  /** Deletes what is long over, a bounded number of rows at a time. */
  trim(beforeMs: number, rows: number): void {
    this.#statements.trim.run(beforeMs, rows);
    this.#statements.trimSilences.run(beforeMs);
  }

  #saveOne({ number, ...alert }: AlertRecord): AlertRecord {
    const body = JSON.stringify(alert);
    if (number !== undefined) {
      this.#statements.update.run(alert.resolvedAtMs, body, number);
      return { number, ...alert };
    }
    const { lastInsertRowid } = this.#statements.insert.run(alert.rule, alertKey(alert.rule, alert.subject), body);
    return { number: Number(lastInsertRowid), ...alert };
  }
}

type Row = Pick<Selectable<Tables['alerts']>, 'number' | 'body'>;

function prepare(db: Database) {
  return {
    active: db.prepare<[], Row>('select number, body from alerts where resolved_at_ms is null'),
    resolved: db.prepare<[number], Row>(
      'select number, body from alerts where resolved_at_ms is not null order by resolved_at_ms desc limit ?',
    ),
    find: db.prepare<[number], Row>('select number, body from alerts where number = ?'),
    insert: db.prepare<[string, string, string]>('insert into alerts (rule, subject, body) values (?, ?, ?)'),
    update: db.prepare<[number | null, string, number]>(
      'update alerts set resolved_at_ms = ?, body = ? where number = ?',
    ),
    trim: db.prepare<[number, number]>(
      `delete from alerts where number in (select number from alerts where resolved_at_ms < ?
       order by resolved_at_ms limit ?)`,
    ),
    silences: db.prepare<[number], Row>(
      'select number, body from alert_silences where until_ms > ? order by number desc',
    ),
    insertSilence: db.prepare<[number, string]>('insert into alert_silences (until_ms, body) values (?, ?)'),
    removeSilence: db.prepare<[number]>('delete from alert_silences where number = ?'),
    trimSilences: db.prepare<[number]>('delete from alert_silences where until_ms < ?'),
  };
}

function recordOf({ number, body }: Row): AlertRecord {
  return { number, ...checkSchema(compiledAlert, parseStrictJson(Buffer.from(body)), `stored alert a${number}`) };
}

function silenceOf(number: number, body: string): Silence {
  return {
    id: `s${number}`,
    ...checkSchema(compiledSilence, parseStrictJson(Buffer.from(body)), `stored silence s${number}`),
  };
}

import type { Database, Transaction } from 'better-sqlite3';
import { mergeRollUp, type RollUp, readRollUp, writeRollUp } from './roll-up.js';
import type { Additions } from './roll-up-book.js';
import { type Level, pointOf, type Series } from './series.js';

/** A window that is not in the roll-ups yet. */
export interface WaitingWindow {
  readonly number: number;
  readonly device: string;
  readonly arrivedAtMs: number;
  readonly body: string;
}

type Key = [level: Level, scope: string, atMs: number, model: string, version: string, arm: Series['arm']];

/** The counter that says which windows the roll-ups hold: every one up to this number. */
const throughCounter = 'windows-rolled-up';

/** Series in SQLite. The raw windows are the truth: what is in them and not here is added at the next start. */
export class RollUpStoreSql {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #addAll: Transaction<(additions: Additions, through: number) => void>;

  constructor(db: Database) {
    this.#statements = prepare(db);
    this.#addAll = db.transaction((additions: Additions, through: number) => this.#add(additions, through));
  }

  /**
   * Adds to what is there: the fleet's by minute and hour, devices' by hour. `through` is the number of the newest window
   * that is in it; it is written in the same transaction, so that each window counts once, whatever happens.
   */
  add(additions: Additions, through: number): void {
    this.#addAll.immediate(additions, through);
  }

  /** The number of the newest stored window; 0 when there is none. They ascend. */
  newest(): number {
    return this.#statements.newest.get()?.number ?? 0;
  }

  /** Windows that are stored and in no roll-up, oldest first. */
  waiting(limit: number): WaitingWindow[] {
    return this.#statements.waiting.all(this.#through(), limit);
  }

  /** Deletes points that began before these moments, at most so many of each level; answers how many of the level with most. */
  trim(before: Readonly<Record<Level, number>>, rows: number): number {
    const levels = ['minute', 'hour'] as const;
    return Math.max(...levels.map((level) => this.#statements.trim.run(level, before[level], rows).changes));
  }

  /** Deletes the oldest points by the minute, at most so many; answers how many. */
  shed(rows: number): number {
    return this.#statements.shed.run(rows).changes;
  }

  #add({ fleet, devices }: Additions, through: number): void {
    for (const { series, atMs, sum } of fleet) {
      this.#merge('minute', series, atMs, sum);
      this.#merge('hour', series, pointOf(atMs, 'hour'), sum);
    }
    for (const { series, atMs, sum } of devices) this.#merge('hour', series, atMs, sum);
    this.#statements.setThrough.run(throughCounter, through);
  }

  #merge(level: Level, { scope, model, version, arm }: Series, atMs: number, sum: RollUp): void {
    const key: Key = [level, scope, atMs, model, version, arm];
    const known = this.#statements.find.get(...key);
    if (known === undefined) {
      this.#statements.put.run(...key, writeRollUp(sum));
      return;
    }
    const both = readRollUp(known.body);
    mergeRollUp(both, sum);
    this.#statements.put.run(...key, writeRollUp(both));
  }

  #through(): number {
    return this.#statements.through.get(throughCounter)?.value ?? 0;
  }
}

function prepare(db: Database) {
  return {
    find: db.prepare<Key, { body: string }>(
      'select body from roll_ups where level = ? and scope = ? and at_ms = ? and model = ? and version = ? and arm = ?',
    ),
    put: db.prepare<[...Key, string]>(
      `insert into roll_ups (level, scope, at_ms, model, version, arm, body) values (?, ?, ?, ?, ?, ?, ?)
       on conflict do update set body = excluded.body`,
    ),
    waiting: db.prepare<[number, number], WaitingWindow>(
      `select rowid as number, device, arrived_at_ms as arrivedAtMs, body from windows where rowid > ?
       order by rowid limit ?`,
    ),
    newest: db.prepare<[], { number: number }>('select max(rowid) as number from windows'),
    through: db.prepare<[string], { value: number }>('select value from counters where name = ?'),
    setThrough: db.prepare<[string, number]>(
      'insert into counters (name, value) values (?, ?) on conflict do update set value = max(value, excluded.value)',
    ),
    shed: db.prepare<[number]>(
      `delete from roll_ups where (level, scope, at_ms, model, version, arm) in
       (select level, scope, at_ms, model, version, arm from roll_ups indexed by roll_ups_by_age
        where level = 'minute' order by at_ms limit ?)`,
    ),
    trim: db.prepare<[Level, number, number]>(
      `delete from roll_ups where (level, scope, at_ms, model, version, arm) in
       (select level, scope, at_ms, model, version, arm from roll_ups where level = ? and at_ms < ? limit ?)`,
    ),
  };
}

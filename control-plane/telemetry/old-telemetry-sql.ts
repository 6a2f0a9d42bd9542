import type { Database } from 'better-sqlite3';

/** Windows and events that go, at most so many rows at a time; each answers how many went. Wall times in milliseconds. */
export class OldTelemetrySql {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  trimWindows(beforeMs: number, rows: number): number {
    return this.#statements.trimWindows.run(beforeMs, rows).changes;
  }

  trimEvents(beforeMs: number, rows: number): number {
    return this.#statements.trimEvents.run(beforeMs, rows).changes;
  }

  /** The oldest windows, whatever their age. */
  shedWindows(rows: number): number {
    return this.#statements.shedWindows.run(rows).changes;
  }
}

function prepare(db: Database) {
  return {
    // Rows ascend as they arrive, nearly: the oldest are the first. The newest row stays, or its number would be given again.
    trimWindows: db.prepare<[number, number]>(
      `delete from windows where arrived_at_ms < ? and rowid in (select rowid from windows order by rowid limit ?)
       and rowid < (select max(rowid) from windows)`,
    ),
    trimEvents: db.prepare<[number, number]>(
      `delete from events where rowid in
       (select rowid from events where arrived_at_ms < ? order by arrived_at_ms limit ?)`,
    ),
    // What a pass of the series has not added up yet would be missing there.
    shedWindows: db.prepare<[number]>(
      `delete from windows where rowid in (select rowid from windows order by rowid limit ?)
       and rowid < (select max(rowid) from windows)
       and rowid <= (select value from counters where name = 'windows-rolled-up')`,
    ),
  };
}

import type { Database } from 'better-sqlite3';
import type { TrimmedWindowsSql, WindowKey } from './trimmed-windows-sql.js';

/** Windows and events that go, at most so many rows at a time; each answers how many went. Wall times in milliseconds. */
export class OldTelemetrySql {
  readonly #statements: ReturnType<typeof prepare>;
  /** Deletes windows and writes down which, both or neither. */
  readonly #windows: (remove: () => readonly WindowKey[]) => number;

  /** `trimmed`: so that they count once, though they come again. */
  constructor(db: Database, trimmed: Pick<TrimmedWindowsSql, 'add'>) {
    this.#statements = prepare(db);
    this.#windows = db.transaction((remove: () => readonly WindowKey[]) => {
      const gone = remove();
      trimmed.add(gone);
      return gone.length;
    });
  }

  trimWindows(beforeMs: number, rows: number): number {
    return this.#windows(() => this.#statements.trimWindows.all(beforeMs, rows));
  }

  trimEvents(beforeMs: number, rows: number): number {
    return this.#statements.trimEvents.run(beforeMs, rows).changes;
  }

  /** The oldest windows that came before. */
  shedWindows(rows: number, beforeMs: number): number {
    return this.#windows(() => this.#statements.shedWindows.all(rows, beforeMs));
  }
}

function prepare(db: Database) {
  return {
    // Rows ascend as they arrive, nearly: the oldest are the first. The newest row stays, or its number would be given again.
    trimWindows: db.prepare<[number, number], WindowKey>(
      `delete from windows where arrived_at_ms < ? and rowid in (select rowid from windows order by rowid limit ?)
       and rowid < (select max(rowid) from windows) returning device, run_id as run, sequence`,
    ),
    trimEvents: db.prepare<[number, number]>(
      `delete from events where rowid in
       (select rowid from events where arrived_at_ms < ? order by arrived_at_ms limit ?)`,
    ),
    // What a pass of the series has not added up yet would be missing there.
    shedWindows: db.prepare<[number, number], WindowKey>(
      `delete from windows where rowid in (select rowid from windows order by rowid limit ?) and arrived_at_ms < ?
       and rowid < (select max(rowid) from windows)
       and rowid <= (select value from counters where name = 'windows-rolled-up')
       returning device, run_id as run, sequence`,
    ),
  };
}

import type { Database } from 'better-sqlite3';

/** How much room a table or an index takes. */
export interface TableSize {
  readonly name: string;
  readonly bytes: number;
}

/** Which table or index is measured: the first whose name comes after `after`, and that is of none of these tables. */
export interface SizeQuestion {
  readonly after: string;
  readonly except: readonly string[];
}

/** Measures tables and indexes: each page of one is looked at, some three microseconds for each (m). On the connection of a reading thread. */
export class TableSizesSql {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  /** Null: there are no more. */
  next({ after, except }: SizeQuestion): TableSize | null {
    const name = this.#statements.next.get(after, JSON.stringify(except));
    return name === undefined ? null : { name, bytes: this.#statements.bytes.get(name) ?? 0 };
  }
}

function prepare(db: Database) {
  return {
    next: db
      .prepare<[string, string], string>(
        `select name from sqlite_schema where rootpage > 0 and name > ?
         and tbl_name not in (select value from json_each(?)) order by name limit 1`,
      )
      .pluck(),
    bytes: db.prepare<[string], number>('select pgsize from dbstat where aggregate = true and name = ?').pluck(),
  };
}

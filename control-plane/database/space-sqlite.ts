import type { Database } from 'better-sqlite3';

/** How much room the database takes, and how what is free in it goes back to the disk. */
export class SpaceSqlite {
  readonly #db: Database;
  readonly #pageBytes: number;

  constructor(db: Database) {
    this.#db = db;
    this.#pageBytes = this.#number('page_size');
  }

  /** Bytes that hold something. */
  usedBytes(): number {
    return (this.#number('page_count') - this.#number('freelist_count')) * this.#pageBytes;
  }

  /** Bytes of the file that hold nothing: they are written to first. */
  freeBytes(): number {
    return this.#number('freelist_count') * this.#pageBytes;
  }

  /** Gives about so much of it back to the disk. A file that was made before this was possible keeps it: `bellwether` never rewrites a database as a whole. */
  giveBack(bytes: number): void {
    this.#db.pragma(`incremental_vacuum(${Math.max(1, Math.floor(bytes / this.#pageBytes))})`);
  }

  #number(pragma: string): number {
    return Number(this.#db.pragma(pragma, { simple: true }));
  }
}

import BetterSqlite3, { type Database } from 'better-sqlite3';

/** A connection that only reads, for a thread of its own; the database must be there. Throws SQLite's own error. */
export function openForReading(path: string): Database {
  return new BetterSqlite3(path, { readonly: true });
}

import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';

/**
 * Holds a data folder for one server: an exclusive transaction on an empty SQLite file. The operating system lets go of
 * it when the process dies in whatever way, so there is no stale lock to clean up. Returns the release, which may be
 * called twice; throws SQLITE_BUSY when another server holds it.
 */
export function lockDataFolder(folder: string): () => void {
  const lock = new BetterSqlite3(join(folder, 'server.lock'), { timeout: 0 });
  try {
    lock.exec('begin exclusive');
  } catch (cause) {
    lock.close();
    throw cause;
  }
  return () => {
    lock.close();
  };
}

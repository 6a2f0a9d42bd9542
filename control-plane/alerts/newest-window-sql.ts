import type { Database } from 'better-sqlite3';

/** How long the newest stored window of a device was, in milliseconds; undefined where none is stored. */
export function newestWindowSql(db: Database): (device: string) => number | undefined {
  const select = db.prepare<[string], { readonly startMs: number; readonly endMs: number }>(
    `select body ->> '$.startMs' as startMs, body ->> '$.endMs' as endMs from windows
     where device = ? order by arrived_at_ms desc, rowid desc limit 1`,
  );
  return (device) => {
    const row = select.get(device);
    return row === undefined ? undefined : Math.max(0, row.endMs - row.startMs);
  };
}

import type { Database } from 'better-sqlite3';
import { decodeWindow, type Window } from '@bellwether/shared/contract/window';

/** Further back than this nobody looks, in windows of one run. */
const mostWindows = 2000;

/** The windows of a device's run in SQLite, for what they say of devices without a canary. */
export class NeighbourStoreSql {
  readonly #statement: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statement = prepare(db);
  }

  /** The newest first, each read when it is asked for. Another run is another process: its times say little about these. */
  *windows(device: string, runId: string): IterableIterator<Window> {
    for (const { body } of this.#statement.iterate(device, runId, mostWindows)) yield decodeWindow(Buffer.from(body));
  }
}

function prepare(db: Database) {
  return db.prepare<[string, string, number], { body: string }>(
    'select body from windows where device = ? and run_id = ? order by sequence desc limit ?',
  );
}

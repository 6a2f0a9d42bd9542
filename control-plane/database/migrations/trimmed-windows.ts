import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** Which windows of a run were here and are gone again: sequences from `first` to `last`. */
export const trimmedWindows: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create table trimmed_windows (
      device text not null, run_id text not null, first integer not null, last integer not null,
      primary key (device, run_id, first)
    ) without rowid`.execute(db);
  },
};

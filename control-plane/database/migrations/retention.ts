import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** When a run was heard of first, so that it can be forgotten, and what forgotten runs had lost. */
export const retention: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`alter table window_runs add column began_ms integer not null default 0`.execute(db);
    await sql`update window_runs set began_ms = unixepoch() * 1000`.execute(db);
    await sql`alter table device_losses add column forgotten integer not null default 0`.execute(db);
    await sql`create index window_runs_by_age on window_runs (began_ms)`.execute(db);
  },
};

import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** Rows of the timeline that are about a release, or about a label, are found without looking at all others. */
export const reads: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create index events_of_release on events (release, time_ms) where release is not null`.execute(db);
    await sql`create index events_of_label on events (label, time_ms) where label is not null`.execute(db);
  },
};

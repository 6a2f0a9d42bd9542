import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** For what waits for a person: who asked for an approval, and clones found without reading every event. */
export const attention: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('promotions').addColumn('requested_by', 'text').execute();
    // Of these rows only: Kysely's builder would bind the literal, which SQLite does not take in an index.
    await sql`create index events_of_clones on events (device, at_ms) where source = 'server-clone'`.execute(db);
  },
};

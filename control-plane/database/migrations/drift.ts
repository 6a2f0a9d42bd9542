import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** The last look for drift at each release on each subject, and which windows are in the looks. */
export const drift: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // The detectors come last: they lie on pages of their own, and a start reads everything but them.
    await db.schema
      .createTable('drift_looks')
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull())
      .addColumn('manifest', 'text', (c) => c.notNull())
      .addColumn('through', 'integer', (c) => c.notNull())
      .addColumn('last_at_ms', 'integer', (c) => c.notNull())
      .addColumn('kept', 'text', (c) => c.notNull())
      .addColumn('detectors', 'blob', (c) => c.notNull())
      .addPrimaryKeyConstraint('drift_looks_key', ['subject', 'manifest'])
      .execute();
    await db.schema.createIndex('drift_looks_by_age').on('drift_looks').column('last_at_ms').execute();
    // Watching begins now: what came before is not read again.
    await sql`insert into counters (name, value) select 'windows-watched', coalesce(max(rowid), 0) from windows`.execute(
      db,
    );
  },
};

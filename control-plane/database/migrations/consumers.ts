import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** Consumer accounts [T-11]. Of one name there is at most one that stands. */
export const consumers: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('consumers')
      .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('granted', 'text', (c) => c.notNull())
      .addColumn('created_at_ms', 'integer', (c) => c.notNull())
      .addColumn('revoked_at_ms', 'integer')
      .execute();
    await db.schema
      .createIndex('consumers_standing')
      .unique()
      .on('consumers')
      .column('name')
      .where(sql.ref('revoked_at_ms'), 'is', null)
      .execute();
  },
};

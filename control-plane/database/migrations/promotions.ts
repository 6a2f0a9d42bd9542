import type { Kysely, Migration } from 'kysely';

/** Requests for approval: one for each release, and how it was declined. */
export const promotions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('promotions')
      .addColumn('release', 'text', (c) => c.primaryKey())
      .addColumn('note', 'text')
      .addColumn('requested_at_ms', 'integer', (c) => c.notNull())
      .addColumn('rejected_at_ms', 'integer')
      .addColumn('reason', 'text')
      .execute();
  },
};

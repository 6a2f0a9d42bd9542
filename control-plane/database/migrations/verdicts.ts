import type { Kysely, Migration } from 'kysely';

/** Signed verdicts of rollouts. */
export const verdicts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('verdicts')
      .addColumn('number', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('rollout', 'integer', (c) => c.notNull())
      .addColumn('at_ms', 'integer', (c) => c.notNull())
      .addColumn('step', 'integer', (c) => c.notNull())
      .addColumn('value', 'text', (c) => c.notNull())
      .addColumn('file', 'text', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('verdicts_by_rollout').on('verdicts').column('rollout').execute();
  },
};

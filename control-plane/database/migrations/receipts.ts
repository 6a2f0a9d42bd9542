import type { Kysely, Migration } from 'kysely';

/** What devices signed with their reports [T-12]. The first receipt of a number stands; a second one is kept too: it is the proof. */
export const receipts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('receipts')
      .addColumn('device', 'text', (c) => c.notNull())
      .addColumn('number', 'integer', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('previous', 'text')
      .addColumn('verdict', 'text', (c) => c.notNull())
      .addColumn('arrived_at_ms', 'integer', (c) => c.notNull())
      .addColumn('envelope', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('receipts_key', ['device', 'number', 'digest'])
      .execute();
    await db.schema.createIndex('receipts_by_previous').on('receipts').columns(['device', 'previous']).execute();
    await db.schema.createIndex('receipts_by_arrival').on('receipts').column('arrived_at_ms').execute();
  },
};

import type { Kysely, Migration } from 'kysely';

/** Questions to devices, and what they answered. */
export const inquiries: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db;
    await schema
      .createTable('inquiries')
      .addColumn('number', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('id', 'text', (c) => c.notNull().unique())
      .addColumn('device', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('lines', 'integer')
      .addColumn('asked_by', 'text', (c) => c.notNull())
      .addColumn('asked_at_ms', 'integer', (c) => c.notNull())
      .addColumn('expires_at_ms', 'integer', (c) => c.notNull())
      .addColumn('answered_at_ms', 'integer')
      .addColumn('answer', 'text')
      .execute();
    await schema.createIndex('inquiries_by_device').on('inquiries').columns(['device', 'number']).execute();
  },
};

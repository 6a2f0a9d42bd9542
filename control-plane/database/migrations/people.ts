import type { Kysely, Migration } from 'kysely';

const text = 'text';
const integer = 'integer';

/** Operators, what they show to be let in, and the audit log. */
export const people: Migration = {
  async up({ schema }: Kysely<unknown>): Promise<void> {
    await schema
      .createTable('operators')
      .addColumn('name', text, (c) => c.primaryKey())
      .addColumn('role', text, (c) => c.notNull())
      .addColumn('password', text)
      .addColumn('created_at_ms', integer, (c) => c.notNull())
      .execute();
    await schema
      .createTable('credentials')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('digest', text, (c) => c.notNull().unique())
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('operator', text, (c) => c.notNull())
      .addColumn('label', text, (c) => c.notNull())
      .addColumn('role', text, (c) => c.notNull())
      .addColumn('created_at_ms', integer, (c) => c.notNull())
      .addColumn('expires_at_ms', integer)
      .execute();
    await schema.createIndex('credentials_by_operator').on('credentials').column('operator').execute();
    await schema
      .createTable('audit_rows')
      .addColumn('sequence', integer, (c) => c.primaryKey())
      .addColumn('at_ms', integer, (c) => c.notNull())
      .addColumn('actor', text, (c) => c.notNull())
      .addColumn('action', text, (c) => c.notNull())
      .addColumn('subject', text, (c) => c.notNull())
      .addColumn('details', text, (c) => c.notNull())
      .addColumn('previous', text, (c) => c.notNull())
      .addColumn('digest', text, (c) => c.notNull())
      .execute();
    await schema
      .createTable('audit_heads')
      .addColumn('sequence', integer, (c) => c.primaryKey())
      .addColumn('at_ms', integer, (c) => c.notNull())
      .addColumn('envelope', text, (c) => c.notNull())
      .execute();
  },
};

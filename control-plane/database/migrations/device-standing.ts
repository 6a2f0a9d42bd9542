import type { Kysely, Migration } from 'kysely';

/** Approval and decommission of devices, kinds and revocation of join tokens [T-10, T-11]. Who was in before stays in. */
export const deviceStanding: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db;
    await schema
      .alterTable('devices')
      .addColumn('standing', 'text', (c) => c.notNull().defaultTo('approved'))
      .execute();
    await schema
      .alterTable('devices')
      .addColumn('former_keys', 'text', (c) => c.notNull().defaultTo('[]'))
      .execute();
    await schema.alterTable('devices').addColumn('next_key', 'text').execute();
    await schema
      .alterTable('join_tokens')
      .addColumn('kind', 'text', (c) => c.notNull().defaultTo('auto'))
      .execute();
    await schema.alterTable('join_tokens').addColumn('revoked_at_ms', 'integer').execute();
  },
};

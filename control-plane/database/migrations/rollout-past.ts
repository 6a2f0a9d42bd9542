import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** What stays of rollouts when they have ended: their looks, what the last one saw, what happened when, and how each step went. */
export const rolloutPast: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db;
    await schema
      .createTable('rollout_looks')
      .addColumn('rollout', 'integer', (c) => c.notNull())
      .addColumn('at_ms', 'integer', (c) => c.notNull())
      .addColumn('step', 'integer', (c) => c.notNull())
      .addColumn('log_harm', 'real', (c) => c.notNull())
      .addPrimaryKeyConstraint('rollout_looks_key', ['rollout', 'at_ms'])
      .execute();
    await schema
      .createTable('rollout_sights')
      .addColumn('rollout', 'integer', (c) => c.primaryKey())
      .addColumn('body', 'text', (c) => c.notNull())
      .execute();
    await schema
      .createTable('rollout_moments')
      .addColumn('number', 'integer', (c) => c.primaryKey())
      .addColumn('rollout', 'integer', (c) => c.notNull())
      .addColumn('at_ms', 'integer', (c) => c.notNull())
      .addColumn('code', 'text', (c) => c.notNull())
      .addColumn('text', 'text', (c) => c.notNull())
      .execute();
    await schema
      .createIndex('rollout_moments_by_rollout')
      .on('rollout_moments')
      .columns(['rollout', 'number'])
      .execute();
    // Nobody wrote down how the steps of older ones went.
    await sql`update rollouts set course = json_set(course, '$.records', json('[]')) where course is not null`.execute(
      db,
    );
  },
};

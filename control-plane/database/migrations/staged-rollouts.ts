import type { Kysely, Migration } from 'kysely';

/** Rollouts in steps: how far they have come, the devices in their cohorts, and the counters that their verdicts are made of. */
export const stagedRollouts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db;
    for (const column of ['reason', 'superseded', 'course']) {
      await schema.alterTable('rollouts').addColumn(column, 'text').execute();
    }
    await schema
      .createTable('rollout_members')
      .addColumn('rollout', 'integer', (c) => c.notNull())
      .addColumn('device', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('rollout_members_key', ['rollout', 'device'])
      .execute();
    await schema
      .createTable('evidence')
      .addColumn('rollout', 'integer', (c) => c.notNull())
      .addColumn('device', 'text', (c) => c.notNull())
      .addColumn('segment', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('evidence_key', ['rollout', 'device', 'segment'])
      .execute();
    await schema
      .createTable('device_holds')
      .addColumn('device', 'text', (c) => c.notNull())
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('device_holds_key', ['device', 'model'])
      .execute();
  },
};

import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** One timeline of what devices tell and what the server decides, and what has been told of the catalogue. */
export const timeline: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const events = db.schema.alterTable('events');
    for (const name of ['actor', 'model', 'rollout', 'label']) await events.addColumn(name, 'text').execute();
    // Where a row stands in the timeline; for older rows what the device said, as it was shown.
    await events.addColumn('time_ms', 'integer', (c) => c.notNull().defaultTo(0)).execute();
    await sql`update events set time_ms = min(at_ms, arrived_at_ms),
      model = case when release is null then null else substr(release, 1, instr(release, '@') - 1) end`.execute(db);
    await sql`create index events_by_time on events (time_ms)`.execute(db);
    await sql`create index events_of_device on events (device, time_ms)`.execute(db);
    await sql`create index events_of_kind on events (kind, time_ms)`.execute(db);
    await sql`create index events_of_model on events (model, time_ms) where model is not null`.execute(db);
    await sql`create index events_of_rollout on events (rollout, time_ms) where rollout is not null`.execute(db);
    await sql`create index rollouts_of_release on rollouts (model, version, number)`.execute(db);
    await sql`create table releases_told (
      release text primary key, staging integer not null, production integer not null, withdrawn integer not null
    ) without rowid`.execute(db);
  },
};

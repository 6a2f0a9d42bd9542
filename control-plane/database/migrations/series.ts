import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** Series of many windows, by the minute and by the hour; and which windows are in them. */
export const series: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // Clustered by its key: a series is read in one stretch.
    await sql`create table roll_ups (
      level text not null, scope text not null, at_ms integer not null,
      model text not null, version text not null, arm text not null, body text not null,
      primary key (level, scope, at_ms, model, version, arm)
    ) without rowid`.execute(db);
    // To find what is too old, over all scopes.
    await sql`create index roll_ups_by_age on roll_ups (level, at_ms)`.execute(db);
    // Windows of before this have no series: reading them all again could take an hour.
    await sql`insert into counters (name, value) select 'windows-rolled-up', coalesce(max(rowid), 0) from windows`.execute(
      db,
    );
    // A device's newest windows; what is oldest is found by the row's number, which only grows.
    await db.schema.dropIndex('windows_by_arrival').execute();
    await db.schema.createIndex('windows_of_device').on('windows').columns(['device', 'arrived_at_ms']).execute();
  },
};

import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** Webhooks, what waits to be delivered to them, and what each was told of. */
export const webhooks: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql`create table webhooks (
      number integer primary key autoincrement, name text not null unique, url text not null, filter text not null,
      salt text not null, former_salt text, former_until_ms integer, created_at_ms integer not null,
      failing_since_ms integer, disabled_at_ms integer, tried_at_ms integer, problem text,
      lost integer not null default 0
    )`.execute(db);
    await sql`create table webhook_deliveries (
      number integer primary key autoincrement, webhook integer not null, id text not null unique, alert text not null,
      body text not null, created_at_ms integer not null, next_at_ms integer not null,
      attempts integer not null default 0, is_unreachable integer not null default 0
    )`.execute(db);
    await sql`create index webhook_deliveries_of on webhook_deliveries (webhook, alert, number)`.execute(db);
    await sql`create table webhook_told (
      webhook integer not null, alert text not null, severity text not null, primary key (webhook, alert)
    ) without rowid`.execute(db);
  },
};

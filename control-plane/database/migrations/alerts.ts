import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

/** Alerts, and what is silenced. */
export const alerts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // Autoincrement: the number of an alert that was deleted is never given again.
    await sql`create table alerts (
      number integer primary key autoincrement, rule text not null, subject text not null, resolved_at_ms integer,
      body text not null
    )`.execute(db);
    // Of one rule and subject one alert is open at a time, whatever happens between a look and a crash.
    await sql`create unique index alerts_active on alerts (rule, subject) where resolved_at_ms is null`.execute(db);
    await sql`create index alerts_resolved on alerts (resolved_at_ms) where resolved_at_ms is not null`.execute(db);
    await sql`create table alert_silences (
      number integer primary key autoincrement, until_ms integer not null, body text not null
    )`.execute(db);
  },
};

import BetterSqlite3, { type Database as Sqlite } from 'better-sqlite3';
import type { Migration } from 'kysely';
import { messageOf } from '@bellwether/shared/errors';
import { DataError } from './data-error.js';
import { Kysely, Migrator, SqliteDialect } from './kysely.js';
import { alerts } from './migrations/alerts.js';
import { attention } from './migrations/attention.js';
import { consumers } from './migrations/consumers.js';
import { deviceStanding } from './migrations/device-standing.js';
import { deviceSystem } from './migrations/device-system.js';
import { drift } from './migrations/drift.js';
import { first } from './migrations/first.js';
import { inquiries } from './migrations/inquiries.js';
import { people } from './migrations/people.js';
import { promotions } from './migrations/promotions.js';
import { reads } from './migrations/reads.js';
import { receipts } from './migrations/receipts.js';
import { retention } from './migrations/retention.js';
import { rolloutPast } from './migrations/rollout-past.js';
import { series } from './migrations/series.js';
import { stagedRollouts } from './migrations/staged-rollouts.js';
import { timeline } from './migrations/timeline.js';
import { trimmedWindows } from './migrations/trimmed-windows.js';
import { verdicts } from './migrations/verdicts.js';
import { webhooks } from './migrations/webhooks.js';
import type { Tables } from './schema.js';

/** In the order of their names. A published migration is never edited; a change is a new one. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-first': first,
  '0002-device-standing': deviceStanding,
  '0002-people': people,
  '0003-consumers': consumers,
  '0003-promotions': promotions,
  '0003-receipts': receipts,
  '0004-attention': attention,
  '0005-staged-rollouts': stagedRollouts,
  '0006-verdicts': verdicts,
  '0007-rollout-past': rolloutPast,
  '0008-series': series,
  '0009-drift': drift,
  '0010-alerts': alerts,
  '0011-inquiries': inquiries,
  '0013-timeline': timeline,
  '0014-retention': retention,
  '0014-webhooks': webhooks,
  '0016-device-system': deviceSystem,
  '0016-reads': reads,
  '0016-trimmed-windows': trimmedWindows,
};

/**
 * One connection, two ways to it: Kysely for what is asked now and then, the driver itself for prepared statements on
 * the hot path [S-2]. Both run their statement synchronously, so a statement is atomic; only the hot path opens
 * transactions, and never across an await.
 */
export interface Database {
  readonly kysely: Kysely<Tables>;
  readonly sqlite: Sqlite;
  close(): Promise<void>;
}

/**
 * Opens the file and brings it up to date. WAL with synchronous=FULL: what is committed survives a power cut [W-6].
 * Throws DataError `data-newer`, or SQLite's own error.
 */
export async function openDatabase(path: string): Promise<Database> {
  const sqlite = new BetterSqlite3(path);
  try {
    // Of a new file: what is deleted can go back to the disk, page by page (space-sqlite.ts).
    sqlite.pragma('auto_vacuum = INCREMENTAL');
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('synchronous = FULL');
    const kysely = new Kysely<Tables>({ dialect: new SqliteDialect({ database: sqlite }) });
    await migrate(kysely);
    return { kysely, sqlite, close: () => kysely.destroy() };
  } catch (cause) {
    sqlite.close();
    throw cause;
  }
}

async function migrate(kysely: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: () => Promise.resolve({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const unknownMigration = messageOf(error).includes('is missing');
  if (unknownMigration) throw new DataError('data-newer', messageOf(error), { cause: error });
  throw error instanceof Error ? error : new Error(messageOf(error), { cause: error });
}

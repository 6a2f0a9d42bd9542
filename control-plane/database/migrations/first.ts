import type { Kysely, Migration } from 'kysely';
import { sql } from '../kysely.js';

const text = 'text';
const integer = 'integer';

/** Every table of the first version. */
export const first: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db;
    await schema
      .createTable('join_tokens')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('digest', text, (c) => c.notNull().unique())
      .addColumn('labels', text, (c) => c.notNull())
      .addColumn('uses', integer, (c) => c.notNull())
      .addColumn('uses_left', integer, (c) => c.notNull())
      .addColumn('created_at_ms', integer, (c) => c.notNull())
      .addColumn('expires_at_ms', integer, (c) => c.notNull())
      .execute();
    await schema
      .createTable('devices')
      .addColumn('id', text, (c) => c.primaryKey())
      .addColumn('public_key', text, (c) => c.notNull())
      .addColumn('labels', text, (c) => c.notNull())
      .addColumn('token_id', text, (c) => c.notNull())
      .addColumn('enrolled_at_ms', integer, (c) => c.notNull())
      .addColumn('presence', text, (c) => c.notNull())
      .addColumn('presence_run_id', text)
      .addColumn('last_seen_ms', integer)
      .addColumn('report', text)
      .execute();
    await schema
      .createTable('orders')
      .addColumn('device', text, (c) => c.primaryKey())
      .addColumn('epoch', integer, (c) => c.notNull())
      .addColumn('generation', integer, (c) => c.notNull())
      .addColumn('content', text, (c) => c.notNull())
      .addColumn('digest', text, (c) => c.notNull())
      .addColumn('models', text, (c) => c.notNull())
      .addColumn('envelope', 'blob', (c) => c.notNull())
      .addColumn('issued_at_ms', integer, (c) => c.notNull())
      .execute();
    await schema
      .createTable('rollouts')
      .addColumn('number', integer, (c) => c.primaryKey().autoIncrement())
      .addColumn('model', text, (c) => c.notNull())
      .addColumn('version', text, (c) => c.notNull())
      .addColumn('manifest', text, (c) => c.notNull())
      .addColumn('target', text, (c) => c.notNull())
      .addColumn('phase', text, (c) => c.notNull())
      .addColumn('created_at_ms', integer, (c) => c.notNull())
      .execute();
    await schema
      .createTable('windows')
      .addColumn('device', text, (c) => c.notNull())
      .addColumn('run_id', text, (c) => c.notNull())
      .addColumn('sequence', integer, (c) => c.notNull())
      .addColumn('digest', text, (c) => c.notNull())
      .addColumn('arrived_at_ms', integer, (c) => c.notNull())
      .addColumn('body', text, (c) => c.notNull())
      .addPrimaryKeyConstraint('windows_key', ['device', 'run_id', 'sequence'])
      .execute();
    await schema.createIndex('windows_by_arrival').on('windows').column('arrived_at_ms').execute();
    await schema
      .createTable('window_runs')
      .addColumn('device', text, (c) => c.notNull())
      .addColumn('run_id', text, (c) => c.notNull())
      .addColumn('received', integer, (c) => c.notNull())
      .addColumn('highest', integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('window_runs_key', ['device', 'run_id'])
      .execute();
    await schema
      .createTable('device_losses')
      .addColumn('device', text, (c) => c.primaryKey())
      .addColumn('windows', integer, (c) => c.notNull())
      .addColumn('events', integer, (c) => c.notNull())
      .execute();
    await schema
      .createTable('events')
      .addColumn('id', integer, (c) => c.primaryKey().autoIncrement())
      .addColumn('device', text, (c) => c.notNull())
      .addColumn('source', text, (c) => c.notNull())
      .addColumn('run_id', text, (c) => c.notNull())
      .addColumn('sequence', integer, (c) => c.notNull())
      .addColumn('digest', text, (c) => c.notNull())
      .addColumn('at_ms', integer, (c) => c.notNull())
      .addColumn('arrived_at_ms', integer, (c) => c.notNull())
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('release', text)
      .addColumn('code', text)
      .addColumn('message', text, (c) => c.notNull())
      .addUniqueConstraint('events_key', ['device', 'source', 'run_id', 'sequence'])
      .execute();
    await schema.createIndex('events_by_arrival').on('events').column('arrived_at_ms').execute();
    await schema
      .createTable('rejected')
      .addColumn('id', integer, (c) => c.primaryKey().autoIncrement())
      .addColumn('device', text, (c) => c.notNull())
      .addColumn('what', text, (c) => c.notNull())
      .addColumn('reason', text, (c) => c.notNull())
      .addColumn('arrived_at_ms', integer, (c) => c.notNull())
      .addColumn('body', 'blob', (c) => c.notNull())
      .execute();
    await schema
      .createTable('counters')
      .addColumn('name', text, (c) => c.primaryKey())
      .addColumn('value', integer, (c) => c.notNull())
      .execute();
    await sql`insert into counters (name, value) values ('windows-received', 0), ('windows-duplicate', 0), ('windows-rejected', 0), ('events-received', 0)`.execute(
      db,
    );
  },
};

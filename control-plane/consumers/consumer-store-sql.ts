import type { Kysely } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile } from '@bellwether/shared/schema';
import type { Tables } from '../database/schema.js';
import type { Consumer } from './consumer.js';
import { Grant } from './grant.js';

const compiled = Compile(Grant);

/** Consumer accounts in SQL; revoked ones stay, so that it can be told who could read what, and when. */
export class ConsumerStoreSql {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Newest first. */
  async all(): Promise<Consumer[]> {
    const rows = await this.#db.selectFrom('consumers').selectAll().orderBy('id', 'desc').execute();
    return rows.map((row) => ({
      name: row.name,
      digest: row.digest,
      grant: checkSchema(compiled, parseStrictJson(Buffer.from(row.granted)), `stored grant of ${row.name}`),
      createdAtMs: row.created_at_ms,
      revokedAtMs: row.revoked_at_ms,
    }));
  }

  async insert({ name, digest, grant, createdAtMs }: Consumer): Promise<void> {
    const row = { name, digest, granted: JSON.stringify(grant), created_at_ms: createdAtMs, revoked_at_ms: null };
    await this.#db.insertInto('consumers').values(row).execute();
  }

  async revoke(name: string, nowMs: number): Promise<void> {
    await this.#db
      .updateTable('consumers')
      .set({ revoked_at_ms: nowMs })
      .where('name', '=', name)
      .where('revoked_at_ms', 'is', null)
      .execute();
  }
}

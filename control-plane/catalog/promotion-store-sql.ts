import type { Kysely } from 'kysely';
import type { Tables } from '../database/schema.js';
import type { Promotion, PromotionStore } from './promotion.js';

/** Requests for approval in SQL. */
export class PromotionStoreSql implements PromotionStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async all(): Promise<Promotion[]> {
    const rows = await this.#db.selectFrom('promotions').selectAll().execute();
    return rows.map(({ release, note, reason, ...row }) => ({
      release,
      note,
      requestedAtMs: row.requested_at_ms,
      requestedBy: row.requested_by,
      rejectedAtMs: row.rejected_at_ms,
      reason,
    }));
  }

  async put({ release, note, requestedAtMs, requestedBy, rejectedAtMs, reason }: Promotion): Promise<void> {
    const row = {
      note,
      requested_at_ms: requestedAtMs,
      requested_by: requestedBy,
      rejected_at_ms: rejectedAtMs,
      reason,
    };
    await this.#db
      .insertInto('promotions')
      .values({ release, ...row })
      .onConflict((conflict) => conflict.column('release').doUpdateSet(row))
      .execute();
  }
}

import type { Database } from 'better-sqlite3';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import type { Window } from '@bellwether/shared/contract/window';
import { Compile } from '@bellwether/shared/schema';
import { addSums, EvidenceSum, sumKey, sumOf } from './evidence-sum.js';
import { type LookHistoryStoreSql, noLooks } from './look-history-store-sql.js';

const compiled = Compile(EvidenceSum);

/** A stored sum, and whose it is. */
export interface StoredSum {
  readonly rollout: number;
  readonly device: string;
  readonly sum: EvidenceSum;
}

/** The counters of rollouts in SQLite, added up as windows are stored: in their transaction, so that each counts once. */
export class EvidenceStoreSql {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #looks: Pick<LookHistoryStoreSql, 'flush'>;

  /** `looks`: stores what waits there in the same transaction. */
  constructor(db: Database, looks: Pick<LookHistoryStoreSql, 'flush'> = noLooks) {
    this.#statements = prepare(db);
    this.#looks = looks;
  }

  /** Adds what a new window says of the rollouts that there are. The caller's transaction holds it. */
  add(device: string, { evidence = [], arms }: Pick<Window, 'evidence' | 'arms'>, arrivedAtMs: number): void {
    const { created, find, put } = this.#statements;
    this.#looks.flush();
    for (const window of evidence) {
      const rollout = Number(window.rollout.slice(1));
      const createdAtMs = created.get(rollout)?.createdAtMs;
      if (createdAtMs === undefined) continue;
      const part = sumOf({ window, arms }, createdAtMs, arrivedAtMs);
      const key = sumKey(part);
      const known = find.get(rollout, device, key);
      const sum = known === undefined ? part : addSums(read(known.body, device), part);
      put.run(rollout, device, key, JSON.stringify(sum));
    }
  }

  /** Deletes the counters of rollouts that ended and began before this; at most so many rows at a time. The verdicts stay. */
  trim(beforeMs: number, rows: number): void {
    this.#statements.trim.run(beforeMs, rows);
  }

  /** Everything of these rollouts. */
  of(rollouts: readonly number[]): StoredSum[] {
    return rollouts.flatMap((rollout) =>
      this.#statements.all.all(rollout).map(({ device, body }) => ({ rollout, device, sum: read(body, device) })),
    );
  }
}

function prepare(db: Database) {
  return {
    created: db.prepare<[number], { createdAtMs: number }>(
      'select created_at_ms as createdAtMs from rollouts where number = ?',
    ),
    find: db.prepare<[number, string, string], { body: string }>(
      'select body from evidence where rollout = ? and device = ? and segment = ?',
    ),
    put: db.prepare<[number, string, string, string]>(
      `insert into evidence (rollout, device, segment, body) values (?, ?, ?, ?)
       on conflict do update set body = excluded.body`,
    ),
    trim: db.prepare<[number, number]>(
      `delete from evidence where rowid in (select evidence.rowid from evidence join rollouts on number = rollout
       where created_at_ms < ? and phase in ('done', 'rolled-back', 'aborted', 'superseded') limit ?)`,
    ),
    all: db.prepare<[number], { device: string; body: string }>('select device, body from evidence where rollout = ?'),
  };
}

function read(body: string, device: string): EvidenceSum {
  return checkSchema(compiled, parseStrictJson(Buffer.from(body)), `stored evidence of ${device}`);
}

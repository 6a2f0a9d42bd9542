import type { Database } from 'better-sqlite3';
import type { LookPoint } from './look-history.js';

/** A look that is to be stored, or a whole history that takes the place of the one before. */
type News = { readonly point: LookPoint } | { readonly all: readonly LookPoint[] };

/** Somebody who makes a transaction anyhow, and none of whose business looks are. */
export const noLooks = { flush: (): void => {} } as const;

/**
 * Looks at the evidence of rollouts, in SQLite. There is one every second: they wait for the next transaction that is made anyhow,
 * with windows or with a decision. What a kill takes can be looked at again; the counters are stored first.
 */
export class LookHistoryStoreSql {
  readonly #db: Database;
  readonly #statements: ReturnType<typeof prepare>;
  #waiting: { readonly rollout: number; readonly news: News }[] = [];

  constructor(db: Database) {
    this.#db = db;
    this.#statements = prepare(db);
  }

  /** To be stored with whatever is stored next. */
  note(rollout: number, news: News): void {
    this.#waiting.push({ rollout, news });
  }

  /** Stores what waits, in the caller's transaction. */
  flush(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const { rollout, news } of waiting) {
      if ('all' in news) this.#statements.clear.run(rollout);
      for (const { atMs, step, logHarm } of 'all' in news ? news.all : [news.point]) {
        this.#statements.put.run(rollout, atMs, step, logHarm);
      }
    }
  }

  /** Stores what waits, in a transaction of its own: nothing else comes any more. */
  close(): void {
    this.#db.transaction(() => this.flush()).immediate();
  }

  /** Oldest first. */
  of(rollout: number): LookPoint[] {
    return this.#statements.of.all(rollout);
  }
}

function prepare(db: Database) {
  return {
    put: db.prepare<[number, number, number, number]>(
      `insert into rollout_looks (rollout, at_ms, step, log_harm) values (?, ?, ?, ?)
       on conflict do update set step = excluded.step, log_harm = excluded.log_harm`,
    ),
    clear: db.prepare<[number]>('delete from rollout_looks where rollout = ?'),
    of: db.prepare<[number], LookPoint>(
      'select at_ms as atMs, step, log_harm as logHarm from rollout_looks where rollout = ? order by at_ms',
    ),
  };
}

import type { Database } from 'better-sqlite3';
import type { KeptVerdict } from '../http/rollout-api.js';
import { noTimeline, type Timeline } from '../timeline/timeline-entry.js';

/** A verdict, the release that it is about, and its first reason. */
type NewVerdict = Omit<KeptVerdict, 'number'> & { readonly release: string; readonly because: string };

/** Signed verdicts in SQLite: one for each decision that they led to. */
export class VerdictStoreSql {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #keep: VerdictStoreSql['keep'];

  /** `timeline`: is told of each. */
  constructor(db: Database, timeline: Timeline = noTimeline) {
    const statements = prepare(db);
    this.#statements = statements;
    const keep = db.transaction(
      (rollout: number, { atMs, step, value, release, because }: NewVerdict, file: string) => {
        const { lastInsertRowid } = statements.keep.run(rollout, atMs, step, value, file);
        timeline.add({
          key: { source: 'verdict', run: `r${rollout}`, sequence: Number(lastInsertRowid) },
          kind: 'verdict',
          atMs,
          arrivedAtMs: atMs,
          actor: 'server',
          release,
          rollout: `r${rollout}`,
          code: value,
          message: `step ${step + 1}: ${value}: ${because}`,
        });
      },
    );
    this.#keep = (...args) => keep.immediate(...args);
  }

  /** `file`: of sealBundle(), as text. */
  keep(rollout: number, verdict: NewVerdict, file: string): void {
    this.#keep(rollout, verdict, file);
  }

  /** Oldest first. */
  of(rollout: number): KeptVerdict[] {
    return this.#statements.of.all(rollout);
  }

  file(rollout: number, number: number): string | undefined {
    return this.#statements.file.get(rollout, number)?.file;
  }
}

function prepare(db: Database) {
  return {
    keep: db.prepare<[number, number, number, string, string]>(
      'insert into verdicts (rollout, at_ms, step, value, file) values (?, ?, ?, ?, ?)',
    ),
    of: db.prepare<[number], KeptVerdict>(
      'select number, at_ms as atMs, step, value from verdicts where rollout = ? order by number',
    ),
    file: db.prepare<[number, number], { file: string }>('select file from verdicts where rollout = ? and number = ?'),
  };
}

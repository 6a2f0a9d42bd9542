import type { Database } from 'better-sqlite3';
import type { KeptVerdict } from '../http/rollout-api.js';

/** Signed verdicts in SQLite: one for each decision that they led to. */
export class VerdictStoreSql {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  /** `file`: of sealBundle(), as text. */
  keep(rollout: number, { atMs, step, value }: Omit<KeptVerdict, 'number'>, file: string): void {
    this.#statements.keep.run(rollout, atMs, step, value, file);
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

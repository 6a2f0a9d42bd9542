import type { Database } from 'better-sqlite3';
import { readRollUp } from './roll-up.js';
import type { Level, Series } from './series.js';
import type { SeriesView } from './series-api.js';
import { SeriesError } from './series-error.js';
import { isRead, SeriesFold } from './series-fold.js';
import type { SeriesPlan } from './series-plan.js';

/** Points that one question may read: about five seconds of work. */
const maxRows = 250_000;

interface Row extends Series {
  readonly atMs: number;
  readonly body: string;
}

/** Reads series, on a connection of its own thread. */
export class SeriesReaderSql {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  /** Throws SeriesError `series-too-large`. */
  read(plan: SeriesPlan): SeriesView[] {
    const fold = new SeriesFold(plan);
    let rows = 0;
    for (const { atMs, body, ...series } of this.#rows(plan)) {
      if (!isRead(plan, series)) continue;
      if (++rows > maxRows)
        throw new SeriesError(
          'series-too-large',
          `the question is about more than ${maxRows} points: ask for a shorter time, or by the hour`,
        );
      fold.add({ series, atMs, sum: readRollUp(body) });
    }
    return fold.end();
  }

  *#rows({ level, scopes, membersOf, fromMs, toMs }: SeriesPlan): Iterable<Row> {
    if ('label' in scopes) {
      // Every `key=…`: '>' comes right after '='.
      const { label } = scopes;
      yield* this.#statements.ofLabel.iterate(level, `${label}=`, `${label}>`, fromMs, toMs);
      return;
    }
    const members = membersOf === null ? undefined : new Set(this.#statements.members.all(membersOf));
    for (const scope of scopes) {
      if (members?.has(scope) !== false) yield* this.#statements.ofScope.iterate(level, scope, fromMs, toMs);
    }
  }
}

function prepare(db: Database) {
  const columns = 'scope, at_ms as atMs, model, version, arm, body';
  return {
    members: db.prepare<[number], string>('select device from rollout_members where rollout = ?').pluck(),
    ofScope: db.prepare<[Level, string, number, number], Row>(
      `select ${columns} from roll_ups where level = ? and scope = ? and at_ms >= ? and at_ms < ?`,
    ),
    ofLabel: db.prepare<[Level, string, string, number, number], Row>(
      `select ${columns} from roll_ups where level = ? and scope >= ? and scope < ? and at_ms >= ? and at_ms < ?`,
    ),
  };
}

import type { Database } from 'better-sqlite3';
import { joined, rangesOf, type SequenceRange } from './sequence-ranges.js';

/** The key of a window [W-4]. */
export interface WindowKey {
  readonly device: string;
  readonly run: string;
  readonly sequence: number;
}

/**
 * Ranges that are kept of one run. Windows without gaps make one, each gap one more. Of a run with more gaps the oldest are
 * closed: what comes for those then is taken for a repetition, and stays counted as lost.
 */
const maxRanges = 500;

/**
 * Windows that were stored and are deleted. What comes again under their keys was counted, and is not counted twice; what never
 * came still counts. Ranges of sequences, kept as long as the run is remembered.
 */
export class TrimmedWindowsSql {
  readonly #statements: ReturnType<typeof prepare>;

  constructor(db: Database) {
    this.#statements = prepare(db);
  }

  /** True when it was stored, and is gone. */
  holds(device: string, run: string, sequence: number): boolean {
    const last = this.#statements.upTo.get(device, run, sequence)?.last;
    return last !== undefined && last >= sequence;
  }

  /** Within the transaction that deletes them. Of runs that are forgotten nothing is kept. */
  add(windows: readonly WindowKey[]): void {
    for (const [{ device, run }, sequences] of byRun(windows)) {
      if (this.#statements.isKnown.get(device, run) === undefined) continue;
      for (const range of rangesOf(sequences)) this.#put(device, run, range);
    }
  }

  /** The run is forgotten. */
  forget(device: string, run: string): void {
    this.#statements.forget.run(device, run);
  }

  #put(device: string, run: string, range: SequenceRange): void {
    const { upTo, replace, swallow, count, lowest } = this.#statements;
    const touching = [upTo.get(device, run, range.first), upTo.get(device, run, range.last + 1)];
    const { first, last } = joined(range, touching);
    swallow.run(device, run, first, last + 1);
    replace.run(device, run, first, last);
    if ((count.get(device, run) ?? 0) <= maxRanges) return;
    const [one, next] = lowest.all(device, run);
    if (one === undefined || next === undefined) return;
    swallow.run(device, run, one.first, next.first);
    replace.run(device, run, one.first, next.last);
  }
}

function byRun(windows: readonly WindowKey[]): Iterable<readonly [Omit<WindowKey, 'sequence'>, number[]]> {
  const runs = new Map<string, readonly [Omit<WindowKey, 'sequence'>, number[]]>();
  for (const { device, run, sequence } of windows) {
    const key = `${device} ${run}`;
    const known = runs.get(key) ?? ([{ device, run }, []] as const);
    known[1].push(sequence);
    runs.set(key, known);
  }
  return runs.values();
}

function prepare(db: Database) {
  return {
    upTo: db.prepare<[string, string, number], SequenceRange>(
      `select first, last from trimmed_windows where device = ? and run_id = ? and first <= ? order by first desc limit 1`,
    ),
    isKnown: db.prepare<[string, string], { readonly one: 1 }>(
      'select 1 as one from window_runs where device = ? and run_id = ?',
    ),
    replace: db.prepare<[string, string, number, number]>(
      `insert into trimmed_windows (device, run_id, first, last) values (?, ?, ?, ?)
       on conflict do update set last = excluded.last`,
    ),
    swallow: db.prepare<[string, string, number, number]>(
      'delete from trimmed_windows where device = ? and run_id = ? and first > ? and first <= ?',
    ),
    count: db
      .prepare<[string, string], number>('select count(*) from trimmed_windows where device = ? and run_id = ?')
      .pluck(),
    lowest: db.prepare<[string, string], SequenceRange>(
      'select first, last from trimmed_windows where device = ? and run_id = ? order by first limit 2',
    ),
    forget: db.prepare<[string, string]>('delete from trimmed_windows where device = ? and run_id = ?'),
  };
}

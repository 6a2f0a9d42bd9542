import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { decodeWindow, type Window } from '@bellwether/shared/contract/window';
import { countOf } from '@bellwether/shared/evidence/histogram';
import { decodeHistogram, type WireHistogram } from '@bellwether/shared/evidence/histogram-wire';

/** The windows in a server's data folder, as it committed them, each run in its order. The server may be running. */
export function storedWindows(data: string): readonly Window[] {
  const database = new BetterSqlite3(join(data, 'bellwether.sqlite'), { readonly: true });
  try {
    const bodies = database.prepare<[], string>('select body from windows order by arrived_at_ms, sequence').pluck();
    return bodies.all().map((body) => decodeWindow(Buffer.from(body)));
  } finally {
    database.close();
  }
}

/** What windows say together. */
export interface WindowTotals {
  readonly requests: number;
  readonly errors: number;
  readonly deaths: number;
  readonly invalid: number;
  /** Entries of the two latency histograms. */
  readonly compute: number;
  readonly total: number;
  /** Answers by class, from class 0 on. */
  readonly classes: readonly number[];
  readonly confidence: number;
  /** Calls that were turned away, as `model code`. */
  readonly rejected: Readonly<Record<string, number>>;
}

/** The sum over all arms of all windows. */
export function totalsOf(windows: readonly Window[]): WindowTotals {
  const arms = windows.flatMap((window) => window.arms);
  const width = Math.max(0, ...arms.map(({ classes }) => classes.length));
  const rejected: Record<string, number> = {};
  for (const [model, codes] of windows.flatMap((window) => Object.entries(window.rejected))) {
    for (const [code, count] of Object.entries(codes)) {
      rejected[`${model} ${code}`] = (rejected[`${model} ${code}`] ?? 0) + count;
    }
  }
  return {
    requests: sum(arms.map((arm) => arm.requests)),
    errors: sum(arms.flatMap((arm) => Object.values(arm.errors))),
    deaths: sum(arms.map((arm) => arm.runnerDeaths)),
    invalid: sum(arms.map((arm) => arm.invalid)),
    compute: sum(arms.map((arm) => entriesOf(arm.compute))),
    total: sum(arms.map((arm) => entriesOf(arm.total))),
    classes: Array.from({ length: width }, (_, index) => sum(arms.map(({ classes }) => classes[index] ?? 0))),
    confidence: sum(arms.flatMap((arm) => arm.confidence)),
    rejected,
  };
}

function entriesOf(wire: WireHistogram): number {
  return countOf(decodeHistogram(wire));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

import { slowQuantiles } from '@bellwether/shared/evidence/counters';
import {
  countOf,
  emptyHistogram,
  type Histogram,
  mergeInto,
  quantileEdge,
  record,
} from '@bellwether/shared/evidence/histogram';

/** The cells of slow calls. */
export type SlowCell = keyof typeof slowQuantiles;
export const slowCells = ['slow50', 'slow90', 'slow95', 'slow99'] as const satisfies readonly SlowCell[];

/** Above which a call of either arm is slow, in microseconds; a cell without enough calls behind it is absent. */
export type SlowLimits = Readonly<Partial<Record<SlowCell, { readonly stable: number; readonly canary: number }>>>;

/** Stable calls behind a quantile, at least. */
const enoughCalls = 1000;
/** Times are remembered for one to two of these: what was true at yesterday's load is forgotten. */
const callsPerGeneration = 20_000;

/** What a canary call may take beyond a stable one before it is slow: two processes with the same model are not alike (m). */
const tolerance = { ratio: 1.2, micros: 200 } as const;

/** Compute times of one release's own stable calls on this device. */
export class ComputeTimes {
  #recent = emptyHistogram();
  #recentCalls = 0;
  #before: Histogram = emptyHistogram();

  add(micros: number): void {
    if (this.#recentCalls >= callsPerGeneration) {
      this.#before = this.#recent;
      this.#recent = emptyHistogram();
      this.#recentCalls = 0;
    }
    this.#recentCalls++;
    record(this.#recent, micros);
  }

  /** Limits at the quantiles of what there is; none before there are a thousand calls. `budgetMicros`: the canary's p99 by its manifest. */
  limits(budgetMicros: number): SlowLimits {
    const all = emptyHistogram();
    mergeInto(all, this.#before);
    mergeInto(all, this.#recent);
    if (countOf(all) < enoughCalls) return {};
    const limits = slowCells.map((cell) => {
      const stable = quantileEdge(all, slowQuantiles[cell]) ?? 0;
      return [cell, { stable, canary: canaryLimit(stable, budgetMicros) }] as const;
    });
    return Object.fromEntries(limits);
  }
}

/**
 * Above which a canary call is slow where stable's limit is `stable`: max(1.2 ×, + 0.2 ms), but not above what its
 * manifest promises. A device on which stable itself is beyond that promise says nothing about the canary with it.
 */
export function canaryLimit(stable: number, budgetMicros: number): number {
  const limit = Math.floor(Math.max(tolerance.ratio * stable, stable + tolerance.micros));
  return stable > budgetMicros ? limit : Math.min(limit, Math.floor(budgetMicros));
}

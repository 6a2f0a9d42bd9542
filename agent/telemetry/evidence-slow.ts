import { maxShare } from '@bellwether/shared/contract/evidence-window';
import { evenShares, type SlowCell, slowCellsAt, slowQuantiles } from '@bellwether/shared/evidence/counters';
import {
  countOf,
  emptyHistogram,
  type Histogram,
  mergeInto,
  quantileEdge,
  record,
} from '@bellwether/shared/evidence/histogram';
import { beyond, fineTolerance, stableLimit, type Tolerance } from '@bellwether/shared/evidence/slow-limit';

/** The cells of slow calls. */
export const slowCells = ['slow50', 'slow90', 'slow95', 'slow99'] as const satisfies readonly SlowCell[];

/** Above which a call of either arm is slow, in microseconds; a cell without enough calls behind it is absent. */
export type SlowLimits = Readonly<Partial<Record<SlowCell, { readonly stable: number; readonly canary: number }>>>;

/** Stable calls behind a quantile, at least. */
const enoughCalls = 1000;
/** Times are remembered for one to two of these: what was true at yesterday's load is forgotten. */
const callsPerGeneration = 20_000;

/** Of an arm that runs seldom: its caches are cold, which costs it up to 2.4 × at 5 % of the calls, and its end of the distribution more (m). */
const coarse: Tolerance = { ratio: 4, micros: 5000 };

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

  /** Whether quantiles can be taken of them. */
  get isEnough(): boolean {
    return this.#recentCalls >= enoughCalls || this.#before.sum > 0;
  }

  /** All that there is now; later calls do not change it. */
  frozen(): FrozenTimes {
    const all = emptyHistogram();
    mergeInto(all, this.#before);
    mergeInto(all, this.#recent);
    return new FrozenTimes(all);
  }
}

/** Stable's own compute times before a rollout. */
export class FrozenTimes {
  readonly #times: Histogram;

  constructor(times: Histogram) {
    this.#times = times;
  }

  get isEnough(): boolean {
    return countOf(this.#times) >= enoughCalls;
  }

  /**
   * Limits for a segment with this share of the calls; none before there are a thousand calls, and none once stable is
   * the arm that runs seldom: its own times before say nothing about those. `budgetMicros`: the canary's p99 by its manifest.
   */
  limits(share: number, budgetMicros: number): SlowLimits {
    if (!this.isEnough) return {};
    const part = share / maxShare;
    const limits = slowCellsAt(part).map((cell) => {
      const stable = stableLimit(quantileEdge(this.#times, slowQuantiles[cell]) ?? 0);
      const tolerance = part < evenShares.from ? coarse : fineTolerance;
      return [cell, { stable, canary: canaryLimit(stable, budgetMicros, tolerance) }] as const;
    });
    return Object.fromEntries(limits);
  }
}

/**
 * Above which a canary call is slow where stable's limit is `stable`, but not above what its manifest promises. A device
 * on which stable itself is beyond that promise says nothing about the canary with it.
 */
export function canaryLimit(stable: number, budgetMicros: number, tolerance: Tolerance = fineTolerance): number {
  const limit = beyond(stable, tolerance);
  return stable > budgetMicros ? limit : Math.min(limit, Math.floor(budgetMicros));
}

import type { Rate } from './rate-buckets.js';
import { RecentMap } from './recent-map.js';

/** Keys that are remembered; a forgotten one is only fresh again. */
const maxEntries = 10_000;

interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

/** A token bucket for each key that may go into debt: what comes too fast is not turned away, it waits for its turn. */
export class PacedRates {
  readonly #rate: Rate;
  readonly #maxWaitMs: number;
  readonly #buckets = new RecentMap<Bucket>(maxEntries);

  /** `maxWaitMs`: who would have to wait longer is turned away, so that what waits has a bound. */
  constructor(rate: Rate, maxWaitMs: number) {
    this.#rate = rate;
    this.#maxWaitMs = maxWaitMs;
  }

  /** How long it must wait, in milliseconds: 0 within the rate; undefined when that is too long, and then nothing was taken. `nowMs` is monotonic. */
  take(key: string, cost: number, nowMs: number): number | undefined {
    const { burst, refillMs } = this.#rate;
    const { left, atMs } = this.#buckets.get(key) ?? { left: burst, atMs: nowMs };
    const after = Math.min(burst, left + (nowMs - atMs) / refillMs) - cost;
    const waitMs = Math.ceil(Math.max(0, -after) * refillMs);
    if (waitMs > this.#maxWaitMs) return undefined;
    this.#buckets.set(key, { left: after, atMs: nowMs });
    return waitMs;
  }
}

import { RecentMap } from './recent-map.js';

/** Keys that are remembered; a forgotten one is only fresh again. */
const maxEntries = 10_000;

/** How often something may be done: so many at once, and one more every `refillMs`. */
export interface Rate {
  readonly burst: number;
  readonly refillMs: number;
}

interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

/** A token bucket for each key (an address, a device), in bounded memory. */
export class RateBuckets {
  readonly #rate: Rate;
  readonly #buckets = new RecentMap<Bucket>(maxEntries);

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** 0 when one was taken; otherwise nothing was, and there is one in so many milliseconds. `nowMs` is monotonic. */
  take(key: string, nowMs: number): number {
    const { burst, refillMs } = this.#rate;
    const { left, atMs } = this.#buckets.get(key) ?? { left: burst, atMs: nowMs };
    const refilled = Math.min(burst, left + (nowMs - atMs) / refillMs);
    if (refilled < 1) return Math.ceil((1 - refilled) * refillMs);
    this.#buckets.set(key, { left: refilled - 1, atMs: nowMs });
    return 0;
  }
}

/** A growing delay: `firstMs` doubled with every attempt up to `maxMs`. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** For what passes by itself: full disk, no network, stale metadata [T-6]. */
export const refusalBackoff: Backoff = { firstMs: 2_000, maxMs: 24 * 3_600_000 };
/** For a canary that went because the device's memory was low: it comes back to a device that has changed, not to the same one a second later. */
export const memoryBackoff: Backoff = { firstMs: 5 * 60_000, maxMs: 24 * 3_600_000 };
/** For runners of a settled release that keep dying. */
export const restartBackoff: Backoff = { firstMs: 500, maxMs: 60_000 };

/**
 * The delay after the `attempt`-th failure (1, 2, …): between half and all of the doubled delay, by `dice` in 0 … 1, so
 * that devices that failed together do not come back together, and none comes back at once.
 */
export function backoffMs({ firstMs, maxMs }: Backoff, attempt: number, dice: number): number {
  const ceilingMs = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 40));
  return Math.round(ceilingMs * (0.5 + dice / 2));
}

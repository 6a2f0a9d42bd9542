import type { Instant } from '@bellwether/shared/clock';

/** A clock that is slewed moves by less in any window; one that was set moves by more. */
const toleratedMs = 5_000;

/**
 * How far the wall clock went another way than time between two readings, in milliseconds; undefined when it did not. A
 * machine that slept looks the same: the monotonic clock stands still meanwhile.
 */
export function clockJumpMs(before: Instant, after: Instant): number | undefined {
  const jumpMs = after.wallMs - before.wallMs - (after.monotonicMs - before.monotonicMs);
  return Math.abs(jumpMs) > toleratedMs ? Math.round(jumpMs) : undefined;
}

/** A jump in a sentence for people. */
export function clockJumpText(jumpMs: number): string {
  const seconds = (Math.abs(jumpMs) / 1000).toFixed(1);
  return jumpMs > 0
    ? `the machine's clock went ${seconds} s ahead of time: it was set, or the machine slept`
    : `the machine's clock was set back by ${seconds} s`;
}

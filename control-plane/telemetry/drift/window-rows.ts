import type { FeatureWindow } from '@bellwether/shared/contract/feature-window';
import type { ArmWindow } from '@bellwether/shared/contract/window';
import type { WatchedRelease } from './watched-release.js';

/**
 * The most rows of one stream that a device brings at a time, ten minutes' worth and not more than a thousand: what it kept
 * while it was offline weighs no more than that, and neither does what it makes up.
 */
const mostMs = 10 * 60_000;
const mostRows = 1000;

/** Adds what one arm answered in `spanMs` milliseconds, in rows that count as independent. */
export function addAnswers(
  sum: Float64Array,
  { streams, apartMs }: WatchedRelease,
  arm: Pick<ArmWindow, 'classes' | 'confidence'>,
  spanMs: number,
): void {
  for (const { source, counts, offset } of streams) {
    if (source === 'classes' || source === 'confidence')
      addRows(sum, arm[source], spanMs / apartMs, { counts, offset });
  }
}

/** Adds what was counted of the watched values up to `endMs` on the window's own clock, as above. */
export function addFeatures(
  sum: Float64Array,
  { streams, apartMs }: WatchedRelease,
  { features, sinceMs }: Pick<FeatureWindow, 'features' | 'sinceMs'>,
  endMs: number,
): void {
  for (const { source, counts, offset } of streams) {
    if (typeof source === 'number')
      addRows(sum, features[source] ?? [], (endMs - sinceMs) / apartMs, { counts, offset });
  }
}

/** Scales each stream down to the most that one device brings at a time, in place. */
export function capRows(sum: Float64Array, { streams, apartMs }: WatchedRelease): void {
  const most = Math.min(mostRows, mostMs / apartMs);
  for (const { counts, offset } of streams) {
    const part = sum.subarray(offset, offset + counts.length);
    const rows = total(part);
    if (rows > most) for (const [bin, count] of part.entries()) part[bin] = (count * most) / rows;
  }
}

/** Counts that do not fit the reference are none: an older agent's, or made up. */
function addRows(
  sum: Float64Array,
  rows: readonly number[],
  independent: number,
  { counts, offset }: { readonly counts: readonly number[]; readonly offset: number },
): void {
  if (rows.length !== counts.length || independent <= 0) return;
  const scale = Math.min(1, independent / total(rows));
  for (let bin = 0; bin < rows.length; bin++) {
    const at = offset + bin;
    sum[at] = (sum[at] ?? 0) + (rows[bin] ?? 0) * scale;
  }
}

function total(counts: readonly number[] | Float64Array): number {
  let rows = 0;
  for (let bin = 0; bin < counts.length; bin++) rows += counts[bin] ?? 0;
  return Math.max(rows, Number.MIN_VALUE);
}

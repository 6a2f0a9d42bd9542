/**
 * An integer exponential histogram [W-5]: bucket i holds v with 2^(i/32) < v ≤ 2^((i+1)/32), i = 0 … 1023; `zero` counts
 * v ≤ 1, `overflow` v > 2^32. Values are integers (microseconds). Merging adds counts, so the order of merges does not
 * matter and quantiles of a fleet are true ones, with at most 1.1 % relative error.
 */

const bucketsPerOctave = 32;
const bucketCount = 1024;

/** Largest value of every bucket, exact: the table settles what a logarithm rounds. */
const upperBounds = Float64Array.from({ length: bucketCount }, (_, i) => 2 ** ((i + 1) / bucketsPerOctave));

/** A histogram in memory. `sum` is exact while it is below 2^53. */
export interface Histogram {
  zero: number;
  overflow: number;
  sum: number;
  readonly buckets: Map<number, number>;
}

/** A new, empty histogram. */
export function emptyHistogram(): Histogram {
  return { zero: 0, overflow: 0, sum: 0, buckets: new Map() };
}

/** Counts one value; it is rounded and negative ones count as zero. */
export function record(histogram: Histogram, value: number): void {
  const v = Math.max(0, Math.round(value));
  histogram.sum += v;
  if (v <= 1) histogram.zero++;
  else if (v > 2 ** 32) histogram.overflow++;
  else {
    const i = bucketOf(v);
    histogram.buckets.set(i, (histogram.buckets.get(i) ?? 0) + 1);
  }
}

/** The bucket of a value in 2 … 2^32. */
export function bucketOf(value: number): number {
  let i = Math.min(bucketCount - 1, Math.max(0, Math.ceil(Math.log2(value) * bucketsPerOctave) - 1));
  while (i > 0 && value <= (upperBounds[i - 1] ?? 0)) i--;
  while (i < bucketCount - 1 && value > (upperBounds[i] ?? 0)) i++;
  return i;
}

/** Adds `other` into `into`. Numbers end at 2^53 - 1: a device may say any, and what is merged must be readable again. */
export function mergeInto(into: Histogram, other: Histogram): void {
  into.zero = added(into.zero, other.zero);
  into.overflow = added(into.overflow, other.overflow);
  into.sum = added(into.sum, other.sum);
  for (const [i, count] of other.buckets) into.buckets.set(i, added(into.buckets.get(i) ?? 0, count));
}

function added(a: number, b: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, a + b);
}

/** How many values it holds. */
export function countOf(histogram: Histogram): number {
  let count = histogram.zero + histogram.overflow;
  for (const n of histogram.buckets.values()) count += n;
  return count;
}

/** The q-quantile (0 … 1): geometric middle of its bucket, 0 for `zero`, 2^32 for `overflow`; undefined when empty. */
export function quantile(histogram: Histogram, q: number): number | undefined {
  const bucket = quantileBucket(histogram, q);
  if (bucket === undefined || bucket < 0) return bucket === undefined ? undefined : 0;
  return 2 ** (Math.min(bucketCount, bucket + 0.5) / bucketsPerOctave);
}

/** The largest integer in the q-quantile's bucket: a limit that neither side of a comparison can sit on; undefined when empty. */
export function quantileEdge(histogram: Histogram, q: number): number | undefined {
  const bucket = quantileBucket(histogram, q);
  if (bucket === undefined) return undefined;
  return bucket < 0 ? 1 : Math.floor(upperBounds[bucket] ?? 2 ** 32);
}

/** The bucket that holds the q-quantile: -1 for `zero`, `bucketCount` for `overflow`. */
function quantileBucket(histogram: Histogram, q: number): number | undefined {
  const count = countOf(histogram);
  if (count === 0) return undefined;
  let rank = Math.min(count - 1, Math.max(0, Math.ceil(q * count) - 1)) - histogram.zero;
  if (rank < 0) return -1;
  for (const i of [...histogram.buckets.keys()].sort((a, b) => a - b)) {
    rank -= histogram.buckets.get(i) ?? 0;
    if (rank < 0) return i;
  }
  return bucketCount;
}

import type { WireHistogram } from '@bellwether/shared/evidence/histogram-wire';

/** One arm's calls by time: parts of all that add up to 1, in equal bins of the logarithm of time. */
interface LatencySeries {
  readonly shares: readonly number[];
  readonly medianMs: number | null;
  readonly p99Ms: number | null;
}

/** Histograms on one axis, so that they can be laid over each other. Times in milliseconds. */
export interface LatencyShares {
  readonly fromMs: number;
  readonly toMs: number;
  readonly series: readonly LatencySeries[];
}

/** Buckets of the wire per factor of two; bucket i ends at 2^((i+1)/32) µs [W-5]. */
const perDoubling = 32;
/** Buckets of the wire in one bin here: eight to a factor of two. */
const perBin = 4;
/** The axis ends where so little of the calls is beyond it. */
const tail = 0.002;

/** Reads histograms of the wire for a chart. */
export function latencyShares(histograms: readonly WireHistogram[]): LatencyShares {
  const counts = histograms.map(bucketsOf);
  const ends = counts.flatMap((buckets) => [quantile(buckets, tail), quantile(buckets, 1 - tail)]).filter(isNumber);
  const first = Math.floor((ends.length === 0 ? 0 : Math.min(...ends)) / perBin) - 1;
  const last = Math.floor((ends.length === 0 ? 0 : Math.max(...ends)) / perBin) + 1;
  return {
    fromMs: msOf(first * perBin),
    toMs: msOf((last + 1) * perBin),
    series: counts.map((buckets) => {
      const total = sumOf(buckets);
      const shares = Array.from({ length: last - first + 1 }, () => 0);
      for (const [bucket, count] of buckets) {
        const bin = Math.min(shares.length - 1, Math.max(0, Math.floor(bucket / perBin) - first));
        shares[bin] = (shares[bin] ?? 0) + count / total;
      }
      const [median, p99] = [quantile(buckets, 0.5), quantile(buckets, 0.99)];
      return {
        shares,
        medianMs: median === null ? null : msOf(median + 1),
        p99Ms: p99 === null ? null : msOf(p99 + 1),
      };
    }),
  };
}

type Buckets = ReadonlyArray<readonly [bucket: number, count: number]>;

/** Pairs of varints: the gap to the bucket before, and its count. The server has read them before, so that they are whole. */
function bucketsOf({ zero, overflow, buckets }: WireHistogram): Buckets {
  const read: [number, number][] = zero > 0 ? [[0, zero]] : [];
  let value = 0;
  let scale = 1;
  let gap: number | null = null;
  let last = -1;
  for (const char of atob(buckets)) {
    const byte = char.charCodeAt(0);
    value += (byte % 128) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    if (gap === null) gap = value;
    else {
      last += gap;
      read.push([last, value]);
      gap = null;
    }
    value = 0;
    scale = 1;
  }
  return overflow > 0 ? [...read, [1024, overflow]] : read;
}

/** The bucket that holds the q-quantile; null when there is none. */
function quantile(buckets: Buckets, q: number): number | null {
  const rank = Math.max(1, Math.ceil(sumOf(buckets) * q));
  let seen = 0;
  for (const [bucket, count] of buckets) {
    seen += count;
    if (seen >= rank) return bucket;
  }
  return null;
}

function sumOf(buckets: Buckets): number {
  return buckets.reduce((sum, [, count]) => sum + count, 0);
}

function msOf(bucket: number): number {
  return 2 ** (bucket / perDoubling) / 1000;
}

function isNumber(value: number | null): value is number {
  return value !== null;
}

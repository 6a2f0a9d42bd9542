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

/** As decodeHistogram of shared reads it, which browsers cannot run. The server has read them before, so that they are whole. */
function bucketsOf(wire: WireHistogram): Buckets {
  if (typeof wire !== 'string') {
    const { zero, overflow, buckets } = wire;
    return withEnds(zero, overflow, bucketsOfPairs(varints(buckets)));
  }
  const [zero = 0, overflow = 0, , ...numbers] = varints(wire);
  return withEnds(zero, overflow, denseBuckets(numbers));
}

function withEnds(zero: number, overflow: number, buckets: Buckets): Buckets {
  return [...(zero > 0 ? [[0, zero] as const] : []), ...buckets, ...(overflow > 0 ? [[1024, overflow] as const] : [])];
}

/** Twice the count, one more where empty buckets come before; then how many. */
function denseBuckets(numbers: readonly number[]): Buckets {
  const read: [number, number][] = [];
  let next = 0;
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at] ?? 0;
    if (number % 2 === 1) next += numbers[++at] ?? 0;
    read.push([next++, Math.floor(number / 2)]);
  }
  return read;
}

/** The gap to the bucket before, and the count. */
function bucketsOfPairs(numbers: readonly number[]): Buckets {
  const read: [number, number][] = [];
  let last = -1;
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    last += numbers[at] ?? 0;
    read.push([last, numbers[at + 1] ?? 0]);
  }
  return read;
}

/** Unsigned LEB128 in base64. */
function varints(base64: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const char of atob(base64)) {
    const byte = char.charCodeAt(0);
    value += (byte % 128) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    numbers.push(value);
    value = 0;
    scale = 1;
  }
  return numbers;
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

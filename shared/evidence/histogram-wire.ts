import { DecodeError } from '../contract/decode.js';
import { type Static, Type } from '../schema.js';
import type { Histogram } from './histogram.js';

/** Of a window of version 1, and of what was stored in its time: `buckets` is base64 of varint pairs (gap to the bucket before, count), ascending. */
const HistogramOfPairs = Type.Object({
  zero: Type.Integer({ minimum: 0 }),
  overflow: Type.Integer({ minimum: 0 }),
  sum: Type.Integer({ minimum: 0 }),
  buckets: Type.String({ maxLength: 16_384, pattern: '^[A-Za-z0-9+/]*={0,2}$' }),
});

/**
 * A histogram on the wire [W-5]: base64 of unsigned LEB128 numbers as in protobuf: zero, overflow, sum; then for each bucket
 * that is not empty, ascending, twice its count, and one more where empty buckets lie between it and the one before (or the
 * first): how many they are follows. Neighbours are the rule, so that a bucket is mostly one byte.
 */
export const WireHistogram = Type.Union([
  Type.String({ maxLength: 16_384, pattern: '^[A-Za-z0-9+/]*={0,2}$' }),
  HistogramOfPairs,
]);
export type WireHistogram = Static<typeof WireHistogram>;

/** Writes a histogram; equal histograms give equal text. */
export function encodeHistogram({ zero, overflow, sum, buckets }: Histogram): string {
  const bytes: number[] = [];
  for (const number of [zero, overflow, sum]) pushVarint(bytes, number);
  let next = 0;
  for (const [i, count] of [...buckets].sort(([a], [b]) => a - b)) {
    pushDouble(bytes, count, i > next ? 1 : 0);
    if (i > next) pushVarint(bytes, i - next);
    next = i + 1;
  }
  return Buffer.from(bytes).toString('base64');
}

/** Reads a histogram; throws DecodeError `malformed` on a cut varint, an index out of range or an empty bucket. */
export function decodeHistogram(wire: WireHistogram): Histogram {
  return typeof wire === 'string' ? decodeDense(wire) : decodePairs(wire);
}

function decodeDense(wire: string): Histogram {
  const bytes = Buffer.from(wire, 'base64');
  const place = { at: 0 };
  const histogram = {
    zero: takeVarint(bytes, place),
    overflow: takeVarint(bytes, place),
    sum: takeVarint(bytes, place),
  };
  const buckets = new Map<number, number>();
  let next = 0;
  while (place.at < bytes.length) {
    const first = bytes[place.at] ?? 0;
    if (first < 128 && first % 2 === 0) {
      // Most of them: beside the last one, and a small count.
      place.at++;
      if (next > 1023 || first === 0) throw badBucket(next, first / 2);
      buckets.set(next++, first / 2);
      continue;
    }
    const count = takeDouble(bytes, place);
    const empty = first % 2 === 1 ? takeVarint(bytes, place) : 0;
    next += empty;
    if (next > 1023 || count < 1 || (first % 2 === 1 && empty < 1)) throw badBucket(next, count);
    buckets.set(next++, count);
  }
  return { ...histogram, buckets };
}

function decodePairs(wire: Static<typeof HistogramOfPairs>): Histogram {
  const bytes = Buffer.from(wire.buckets, 'base64');
  const buckets = new Map<number, number>();
  const place = { at: 0 };
  let last = -1;
  while (place.at < bytes.length) {
    const gap = takeVarint(bytes, place);
    const count = takeVarint(bytes, place);
    last += gap;
    if (gap < 1 || last > 1023 || count < 1) throw badBucket(last, count);
    buckets.set(last, count);
  }
  return { zero: wire.zero, overflow: wire.overflow, sum: wire.sum, buckets };
}

function badBucket(bucket: number, count: number): DecodeError {
  return new DecodeError('malformed', `histogram: bucket ${bucket} with count ${count}`);
}

/** LEB128 of 2·value + bit, for values up to 2^53: the bit and the lowest six others first. */
function pushDouble(bytes: number[], value: number, bit: 0 | 1): void {
  const low = (value % 64) * 2 + bit;
  if (value < 64) bytes.push(low);
  else {
    bytes.push(low + 128);
    pushVarint(bytes, Math.floor(value / 64));
  }
}

/** The value of such a number; its bit is the first byte's lowest. */
function takeDouble(bytes: Uint8Array, place: { at: number }): number {
  const first = bytes[place.at++] ?? 0;
  const low = (first >> 1) % 64;
  return first < 128 ? low : low + 64 * takeVarint(bytes, place);
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

function takeVarint(bytes: Uint8Array, place: { at: number }): number {
  const first = bytes[place.at] ?? 128;
  if (first < 128) {
    place.at++;
    return first;
  }
  let value = 0;
  for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
    const byte = bytes[place.at++];
    if (byte === undefined) throw new DecodeError('malformed', 'histogram: the bucket bytes end too early');
    value += (byte % 128) * scale;
    if (byte < 128) return value;
  }
  throw new DecodeError('malformed', 'histogram: a number is too long');
}

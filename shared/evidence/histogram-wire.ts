import { DecodeError } from '../contract/decode.js';
import { type Static, Type } from '../schema.js';
import type { Histogram } from './histogram.js';

/** A histogram on the wire: `buckets` is base64 of varint pairs (gap to the bucket before, count), ascending; LEB128 as in protobuf. */
export const WireHistogram = Type.Object({
  zero: Type.Integer({ minimum: 0 }),
  overflow: Type.Integer({ minimum: 0 }),
  sum: Type.Integer({ minimum: 0 }),
  buckets: Type.String({ maxLength: 16_384, pattern: '^[A-Za-z0-9+/]*={0,2}$' }),
});
export type WireHistogram = Static<typeof WireHistogram>;

/** Writes a histogram; equal histograms give equal text. */
export function encodeHistogram(histogram: Histogram): WireHistogram {
  const bytes: number[] = [];
  let last = -1;
  for (const i of [...histogram.buckets.keys()].sort((a, b) => a - b)) {
    pushVarint(bytes, i - last);
    pushVarint(bytes, histogram.buckets.get(i) ?? 0);
    last = i;
  }
  const { zero, overflow, sum } = histogram;
  return { zero, overflow, sum, buckets: Buffer.from(bytes).toString('base64') };
}

/** Reads a histogram; throws DecodeError `malformed` on a cut varint, an index out of range or an empty bucket. */
export function decodeHistogram(wire: WireHistogram): Histogram {
  const bytes = Buffer.from(wire.buckets, 'base64');
  const buckets = new Map<number, number>();
  const place = { at: 0 };
  let last = -1;
  while (place.at < bytes.length) {
    const gap = takeVarint(bytes, place);
    const count = takeVarint(bytes, place);
    last += gap;
    if (gap < 1 || last > 1023 || count < 1) {
      throw new DecodeError('malformed', `histogram: bucket ${last} with count ${count}`);
    }
    buckets.set(last, count);
  }
  return { zero: wire.zero, overflow: wire.overflow, sum: wire.sum, buckets };
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

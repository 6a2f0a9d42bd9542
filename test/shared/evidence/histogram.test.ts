import { DDSketch } from '@datadog/sketches-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '@bellwether/shared/contract/decode';
import {
  bucketOf,
  countOf,
  emptyHistogram,
  type Histogram,
  mergeInto,
  quantile,
  record,
} from '@bellwether/shared/evidence/histogram';
import { decodeHistogram, encodeHistogram, type WireHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { readVector } from '../../support/vectors.js';

const vector = readVector<{
  buckets: [number, number][];
  encodings: { values: number[]; pairs: WireHistogram; dense: string }[];
}>('histogram');

const of = (values: readonly number[]): Histogram => {
  const histogram = emptyHistogram();
  for (const value of values) record(histogram, value);
  return histogram;
};
const merged = (...parts: readonly Histogram[]): Histogram => {
  const sum = emptyHistogram();
  for (const part of parts) mergeInto(sum, part);
  return sum;
};
const micros = fc.oneof(fc.nat({ max: 10 }), fc.nat({ max: 2_000_000 }), fc.integer({ min: 2 ** 31, max: 2 ** 33 }));
const values = fc.array(micros, { maxLength: 60 });

describe('the histogram', () => {
  it.each(vector.buckets)('puts %i in bucket %i', (value, bucket) => {
    expect(bucketOf(value)).toBe(bucket);
  });

  it('puts every value between the bounds of its bucket, by exact integers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 2 ** 32 }), (value) => {
        const power = BigInt(value) ** 32n;
        const bucket = BigInt(bucketOf(value));
        expect(power > 2n ** bucket && power <= 2n ** (bucket + 1n)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('is right at every bucket’s edge that is an integer, and beside it', () => {
    for (let octave = 1; octave <= 32; octave++) {
      const edge = 2 ** octave;
      expect(bucketOf(edge)).toBe(octave * 32 - 1);
      if (octave < 32) expect(bucketOf(edge + 1)).toBeGreaterThanOrEqual(octave * 32);
    }
  });

  it('counts zero, negative and tiny values as zero, and what is beyond 2^32 as overflow', () => {
    const histogram = of([-5, 0, 0.4, 1, 1.4, 2 ** 32, 2 ** 32 + 1, 1e15]);
    expect([histogram.zero, histogram.overflow, countOf(histogram)]).toEqual([5, 2, 8]);
    expect(histogram.sum).toBe(0 + 0 + 0 + 1 + 1 + 2 ** 32 + 2 ** 32 + 1 + 1e15);
  });

  it('gives quantiles with at most 1.1 % relative error', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 2, max: 2 ** 32 }), { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (some, q) => {
          const sorted = [...some].sort((a, b) => a - b);
          const exact = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? 0;
          const estimate = quantile(of(some), q) ?? 0;
          expect(Math.abs(estimate - exact) / exact).toBeLessThanOrEqual(0.011);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('agrees with DDSketch, which was not written here', () => {
    const sketch = new DDSketch({ relativeAccuracy: 0.001 });
    const histogram = emptyHistogram();
    let state = 12345;
    for (let i = 0; i < 20_000; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      const value = Math.round(100 * Math.exp((state / 2 ** 32) * 9)); // 100 µs … 0.8 s
      sketch.accept(value);
      record(histogram, value);
    }
    for (const q of [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999]) {
      const oracle = sketch.getValueAtQuantile(q);
      expect(Math.abs((quantile(histogram, q) ?? 0) - oracle) / oracle).toBeLessThanOrEqual(0.0125);
    }
  });

  it('answers with 0 for the small, 2^32 for the large, and nothing for none', () => {
    expect(quantile(of([0, 1, 1]), 0.5)).toBe(0);
    expect(quantile(of([2 ** 40]), 0.5)).toBe(2 ** 32);
    expect(quantile(of([0, 0, 100]), 0.5)).toBe(0);
    expect(quantile(of([]), 0.5)).toBeUndefined();
  });

  it('merges to what recording everything in one gives, in any order and grouping', () => {
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const all = of([...a, ...b, ...c]);
        expect(merged(of(a), of(b), of(c))).toEqual(all);
        expect(merged(of(c), of(a), of(b))).toEqual(all);
        expect(merged(of(a), merged(of(b), of(c)))).toEqual(all);
        expect(merged(merged(of(a), of(b)), of(c))).toEqual(all);
      }),
    );
  });

  it('leaves what it merges from as it is', () => {
    const from = of([3, 4]);
    const into = of([3]);
    mergeInto(into, from);
    record(into, 4);
    expect(from).toEqual(of([3, 4]));
  });
});

describe('the histogram on the wire', () => {
  it.each(vector.encodings)('writes and reads the golden vector of $values.length values', (golden) => {
    expect(encodeHistogram(of(golden.values))).toBe(golden.dense);
    expect(decodeHistogram(golden.dense)).toEqual(of(golden.values));
  });

  it.each(vector.encodings)('reads what version 1 wrote of $values.length values', ({ values: some, pairs }) => {
    expect(decodeHistogram(pairs)).toEqual(of(some));
  });

  it('comes back as it went, and equal histograms give equal text', () => {
    fc.assert(
      fc.property(values, (some) => {
        const wire = encodeHistogram(of(some));
        expect(decodeHistogram(wire)).toEqual(of(some));
        expect(encodeHistogram(of([...some].reverse()))).toEqual(wire);
      }),
    );
  });

  it.each([1, 63, 64, 8191, 8192, 2 ** 40 + 7, Number.MAX_SAFE_INTEGER])('bears a count of %i', (count) => {
    for (const bucket of [0, 1, 1023]) {
      const large = { ...emptyHistogram(), sum: count, buckets: new Map([[bucket, count]]) };
      expect(decodeHistogram(encodeHistogram(large))).toEqual(large);
    }
  });

  it('takes one byte for a bucket beside the last one', () => {
    const bytes = (buckets: readonly (readonly [number, number])[]) =>
      Buffer.from(encodeHistogram({ ...emptyHistogram(), buckets: new Map(buckets) }), 'base64').length;
    const one = bytes([[300, 63]]);
    expect(bytes([300, 301, 302].map((i) => [i, 63] as const))).toBe(one + 2);
  });

  const refusedPairs = [
    ['a bucket without its count', [1]],
    ['a varint that is cut', [1, 0x80]],
    ['a varint that never ends', [1, ...Array.from({ length: 9 }, () => 0xff)]],
    ['an empty bucket', [1, 0]],
    ['the same bucket twice', [5, 1, 0, 1]],
    ['a bucket past the last', [0x81, 0x08, 1]],
  ] as const;
  it.each(refusedPairs)('refuses %s, of version 1', (_name, bytes) => {
    const wire = { zero: 0, overflow: 0, sum: 0, buckets: Buffer.from(bytes).toString('base64') };
    expect(() => decodeHistogram(wire)).toThrow(DecodeError);
  });

  const refused = [
    ['nothing at all', []],
    ['a sum that is missing', [0, 0]],
    ['a varint that is cut', [0, 0, 0, 0x80]],
    ['a varint that never ends', [0, 0, 0, ...Array.from({ length: 10 }, () => 0xff)]],
    ['a bucket that is apart from nothing', [0, 0, 0, 3]],
    ['a bucket that is apart by none', [0, 0, 0, 3, 0]],
    ['an empty bucket', [0, 0, 0, 0]],
    ['a bucket past the last', [0, 0, 0, 3, 0x80, 0x08]],
    ['a bucket beside the last', [0, 0, 0, 3, 0xff, 0x07, 2]],
  ] as const;
  it.each(refused)('refuses %s', (_name, bytes) => {
    expect(() => decodeHistogram(Buffer.from(bytes).toString('base64'))).toThrow(DecodeError);
  });

  it('takes the last bucket', () => {
    const pairs = { zero: 0, overflow: 0, sum: 0, buckets: Buffer.from([0x80, 0x08, 1]).toString('base64') };
    const dense = Buffer.from([0, 0, 0, 3, 0xff, 0x07]).toString('base64');
    for (const wire of [pairs, dense]) expect([...decodeHistogram(wire).buckets]).toEqual([[1023, 1]]);
  });

  it('throws nothing but DecodeError on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, isOld) => {
        const text = Buffer.from(bytes).toString('base64');
        try {
          decodeHistogram(isOld ? { zero: 0, overflow: 0, sum: 0, buckets: text } : text);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

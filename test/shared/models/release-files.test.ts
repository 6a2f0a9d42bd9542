import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DecodeError } from '@bellwether/shared/contract/decode';
import { decodeGolden } from '@bellwether/shared/models/golden';
import { decodeReference } from '@bellwether/shared/models/reference';
import { digitsFolder } from '../../support/digits.js';

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const one = { dtype: 'FP32', shape: [1], data: 'AACAPw==' };
const vectors = { vectors: [{ inputs: { x: one }, outputs: { y: one } }] };
const reference = {
  samples: 10,
  classes: [4, 6],
  features: [{ name: 'ink', tensor: 'image', index: 0, edges: [0, 1], counts: [1, 2, 7] }],
};

describe.each(['1.0.0', '1.1.0'])('the files of digits %s', (version) => {
  it('are golden vectors and reference distributions', async () => {
    const golden = decodeGolden(await readFile(new URL(`${version}/golden.json`, digitsFolder)));
    expect(golden.vectors.length).toBeGreaterThan(0);
    const { classes, samples } = decodeReference(await readFile(new URL(`${version}/reference.json`, digitsFolder)));
    expect(classes).toHaveLength(10);
    expect(classes?.reduce((sum, n) => sum + n, 0)).toBe(samples);
  });
});

describe('golden vectors', () => {
  it('are read, and refused when they are not', () => {
    expect(decodeGolden(bytesOf(vectors))).toEqual(vectors);
    expect(() => decodeGolden(bytesOf({ vectors: [] }))).toThrow(/\/vectors/);
    expect(() => decodeGolden(bytesOf({ ...vectors, note: 1 }))).toThrow(/unknown field note/);
    // It would pass whatever the model answers.
    expect(() => decodeGolden(bytesOf({ vectors: [{ inputs: { x: one }, outputs: {} }] }))).toThrow(/outputs/);
    expect(() =>
      decodeGolden(bytesOf({ vectors: [{ ...vectors.vectors[0], inputs: { x: { dtype: 'INT4' } } }] })),
    ).toThrow(DecodeError);
  });
});

describe('reference distributions', () => {
  it('are read, and refused when they are not', () => {
    expect(decodeReference(bytesOf(reference))).toEqual(reference);
    expect(() => decodeReference(bytesOf({ ...reference, samples: 0 }))).toThrow(/\/samples/);
    expect(() => decodeReference(bytesOf({ ...reference, classes: [] }))).toThrow(/\/classes/);
    expect(() => decodeReference(bytesOf({ ...reference, extra: 1 }))).toThrow(/unknown field extra/);
  });
});

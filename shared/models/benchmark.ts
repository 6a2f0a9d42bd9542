import { DecodeError, decodeDocument } from '../contract/decode.js';
import { Compile, type Static, Type } from '../schema.js';
import { dataTypes } from './manifest.js';

/**
 * A labelled set. `labels` are class indices, one a sample. An input's `data` is base64 of gzip of row-major values of
 * type `stored`; the tensor's value is the stored one / `divisor`, as `dtype`; its first dimension is `samples`.
 */
export const BenchmarkSet = Type.Object(
  {
    samples: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    inputs: Type.Record(
      Type.String({ minLength: 1, maxLength: 200 }),
      Type.Object(
        {
          dtype: Type.Enum(dataTypes),
          shape: Type.Array(Type.Integer({ minimum: 1, maximum: 2 ** 31 }), { minItems: 1, maxItems: 16 }),
          stored: Type.Enum(dataTypes),
          divisor: Type.Number({ exclusiveMinimum: 0 }),
          encoding: Type.Literal('gzip'),
          data: Type.String({ maxLength: 64 * 1024 * 1024 }),
        },
        { additionalProperties: false },
      ),
    ),
    labels: Type.Array(Type.Integer({ minimum: 0, maximum: 1000 }), { minItems: 1, maxItems: 1_000_000 }),
  },
  { additionalProperties: false },
);
export type BenchmarkSet = Static<typeof BenchmarkSet>;

const compiled = Compile(BenchmarkSet);

/** Reads a benchmark file; throws DecodeError. */
export function decodeBenchmark(bytes: Uint8Array): BenchmarkSet {
  const set = decodeDocument(compiled, bytes, { what: 'benchmark set', maxBytes: 64 * 1024 * 1024 });
  if (set.labels.length === set.samples) return set;
  throw new DecodeError('schema', `benchmark set has ${set.labels.length} labels for ${set.samples} samples`);
}

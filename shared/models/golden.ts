import { decodeDocument } from '../contract/decode.js';
import { Compile, type Static, Type } from '../schema.js';
import { dataTypes } from './manifest.js';

/** A tensor with its values: raw little-endian, row-major bytes in base64. */
export const TensorValue = Type.Object(
  {
    dtype: Type.Enum(dataTypes),
    shape: Type.Array(Type.Integer({ minimum: 0, maximum: 2 ** 31 }), { maxItems: 16 }),
    data: Type.String({ maxLength: 64 * 1024 * 1024 }),
  },
  { additionalProperties: false },
);
export type TensorValue = Static<typeof TensorValue>;

/** The golden file: app (and state) inputs with the outputs that the release gives on them. Parameters come from the release. */
export const GoldenVectors = Type.Object(
  {
    vectors: Type.Array(
      Type.Object(
        {
          inputs: Type.Record(Type.String({ minLength: 1, maxLength: 200 }), TensorValue),
          /** At least one: a vector that checks nothing would pass everything. */
          outputs: Type.Record(Type.String({ minLength: 1, maxLength: 200 }), TensorValue, { minProperties: 1 }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 1000 },
    ),
  },
  { additionalProperties: false },
);
export type GoldenVectors = Static<typeof GoldenVectors>;

const compiled = Compile(GoldenVectors);

/** Reads a golden file; throws DecodeError. */
export function decodeGolden(bytes: Uint8Array): GoldenVectors {
  return decodeDocument(compiled, bytes, { what: 'golden vectors', maxBytes: 64 * 1024 * 1024 });
}

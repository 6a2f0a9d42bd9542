import { decodeDocument } from '../contract/decode.js';
import { Compile, type Static, Type } from '../schema.js';

/** Most features that a release may watch, and most edges of one. */
export const maxReferenceFeatures = 256;
export const maxReferenceEdges = 100;

const counts = Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: 1000 });

/**
 * Reference distributions of one release on its own held-out data: how often each class was answered, how confident
 * (equal bins over 0…1), and each watched feature in fixed bins: `edges` ascending, n edges make n + 1 counts, bin i
 * holds edges[i-1] < x ≤ edges[i].
 */
export const ReferenceDistributions = Type.Object(
  {
    samples: Type.Integer({ minimum: 1 }),
    classes: Type.Optional(counts),
    confidence: Type.Optional(counts),
    /**
     * How many of the answers in each bin of `confidence` were right: what a confidence is worth, so that accuracy can be
     * estimated without labels (confidence-based performance estimation; it cannot see that the truth itself has changed).
     */
    correct: Type.Optional(counts),
    /**
     * Rows of one device that lie so many milliseconds apart count as independent; 10 s when it is left out. Whoever knows
     * the input knows it: twice the time in which a value forgets most of what it was (docs/decisions/0024).
     */
    apartMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400_000 })),
    features: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 200 }),
          /** The tensor it is read from, and the element's index in one row of it. */
          tensor: Type.String({ minLength: 1, maxLength: 200 }),
          index: Type.Integer({ minimum: 0 }),
          edges: Type.Array(Type.Number(), { minItems: 1, maxItems: maxReferenceEdges }),
          counts,
        },
        { additionalProperties: false },
      ),
      { maxItems: maxReferenceFeatures },
    ),
  },
  { additionalProperties: false },
);
export type ReferenceDistributions = Static<typeof ReferenceDistributions>;

const compiled = Compile(ReferenceDistributions);

/** Reads a reference file; throws DecodeError. */
export function decodeReference(bytes: Uint8Array): ReferenceDistributions {
  return decodeDocument(compiled, bytes, { what: 'reference distributions', maxBytes: 1024 * 1024 });
}

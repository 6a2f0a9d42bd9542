import { decodeDocument } from '@bellwether/shared/contract/decode';
import { dataTypes, type ReleaseSource } from '@bellwether/shared/models/manifest';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { shapeProblem } from './golden-rules.js';

const dtype = Type.Union(dataTypes.map((name) => Type.Literal(name)));

/** A labelled set: per input all samples in one tensor, value = stored / divisor, gzip of the raw bytes in base64. */
const BenchmarkFile = Type.Object(
  {
    samples: Type.Integer({ minimum: 1 }),
    inputs: Type.Record(
      Type.String({ pattern: '^.{1,200}$' }),
      Type.Object(
        {
          dtype,
          shape: Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1, maxItems: 16 }),
          stored: dtype,
          divisor: Type.Number({ exclusiveMinimum: 0 }),
          encoding: Type.Literal('gzip'),
          data: Type.String(),
        },
        { additionalProperties: false },
      ),
      { additionalProperties: false },
    ),
    labels: Type.Array(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
);
type BenchmarkFile = Static<typeof BenchmarkFile>;

const compiled = Compile(BenchmarkFile);

/** Reads a benchmark file; throws DecodeError. */
export function decodeBenchmark(bytes: Uint8Array): BenchmarkFile {
  return decodeDocument(compiled, bytes, { what: 'benchmark', maxBytes: 256 * 1024 * 1024 });
}

/** What is wrong with a benchmark, held against its release; the first fault, or undefined. */
export function benchmarkProblem(
  benchmark: BenchmarkFile,
  source: Pick<ReleaseSource, 'inputs' | 'benchmark' | 'interpretation'>,
): string | undefined {
  const { samples, labels, inputs } = benchmark;
  if (labels.length !== samples) return `has ${labels.length} labels for ${samples} samples`;
  if (source.benchmark?.samples !== samples) {
    return `has ${samples} samples, but release.yaml says ${source.benchmark?.samples ?? 'none'}`;
  }
  const names = source.interpretation?.labels ?? [];
  const unknown = names.length === 0 ? undefined : labels.find((label) => label >= names.length);
  if (unknown !== undefined) return `has the label ${unknown}, but there are ${names.length}`;
  for (const input of source.inputs) {
    const given = inputs[input.name];
    if (given === undefined && input.role === 'app') return `lacks the input ${input.name}`;
    if (given === undefined) continue;
    if (given.dtype !== input.dtype) return `input ${input.name} is ${given.dtype} instead of ${input.dtype}`;
    if (given.shape[0] !== samples) return `input ${input.name} has ${given.shape[0]} rows for ${samples} samples`;
    const problem = shapeProblem(given.shape.slice(1), input.shape.slice(1));
    if (problem !== undefined) return `input ${input.name} ${problem}, rows aside`;
  }
  return undefined;
}

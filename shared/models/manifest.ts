import { DecodeError, decodeDocument } from '../contract/decode.js';
import { formatReleaseId, hex64Pattern, modelNamePattern, versionPattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';

/**
 * The manifest: the signed description of one release. It is a TUF target; the files that it names are fetched by
 * digest. Signed documents keep unknown fields, so the schema is open; `version` tells the schema.
 */

/** Largest manifest that anybody reads, in bytes. */
export const maxManifestBytes = 256 * 1024;

/** Data types that may cross the API, by their Open Inference Protocol names. Anything else (int4, fp16, string …) is refused [T-6]. */
export const dataTypes = [
  'BOOL',
  'UINT8',
  'INT8',
  'UINT16',
  'INT16',
  'UINT32',
  'INT32',
  'UINT64',
  'INT64',
  'FP32',
  'FP64',
] as const;
export type DataType = (typeof dataTypes)[number];

const fileName = Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$' });
const tensorName = Type.String({ minLength: 1, maxLength: 200 });
const label = Type.String({ maxLength: 200 });
const dataType = Type.Enum(dataTypes);
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** One tensor of the graph. A dimension of -1 is free. */
const tensor = {
  name: tensorName,
  dtype: dataType,
  shape: Type.Array(Type.Integer({ minimum: -1, maximum: 2 ** 31 }), { maxItems: 16 }),
};

/**
 * An input: `app` sends it; `parameter` is fed by the agent from the release's file `value` (raw little-endian,
 * row-major); `state` is kept by the agent between calls: zeros first, then the output named `from`.
 */
export const InputTensor = Type.Union([
  Type.Object({ ...tensor, role: Type.Literal('app') }),
  Type.Object({ ...tensor, role: Type.Literal('parameter'), value: fileName }),
  Type.Object({ ...tensor, role: Type.Literal('state'), from: tensorName }),
]);
export type InputTensor = Static<typeof InputTensor>;

/** An output: `app` gets it; `features` stay on the device; `state` goes back in. */
export const OutputTensor = Type.Object({
  ...tensor,
  role: Type.Union([Type.Literal('app'), Type.Literal('features'), Type.Literal('state')]),
});
export type OutputTensor = Static<typeof OutputTensor>;

/** Most classes that an interpretation may have. */
export const maxClasses = 1000;

/** How an output is read: class = argmax along `axis` of logits or probabilities; `binary` = one probability; `regression` = numbers. */
export const Interpretation = Type.Object({
  output: tensorName,
  kind: Type.Union([
    Type.Literal('logits'),
    Type.Literal('probabilities'),
    Type.Literal('binary'),
    Type.Literal('regression'),
  ]),
  axis: Type.Integer({ minimum: -16, maximum: 15 }),
  labels: Type.Array(label, { maxItems: maxClasses }),
  calibration: Type.Optional(Type.Object({ temperature: Type.Number({ exclusiveMinimum: 0, maximum: 1000 }) })),
});
export type Interpretation = Static<typeof Interpretation>;

/** How onnxruntime is set up. `spinning` stays off unless a release asks for it: it burns a core. */
export const RuntimeOptions = Type.Object({
  intraOpThreads: Type.Integer({ minimum: 1, maximum: 64 }),
  spinning: Type.Boolean(),
  graphOptimization: Type.Union([
    Type.Literal('disabled'),
    Type.Literal('basic'),
    Type.Literal('extended'),
    Type.Literal('all'),
  ]),
});
export type RuntimeOptions = Static<typeof RuntimeOptions>;

/** What is the same in a release's source and in its signed manifest. */
const described = {
  model: Type.String({ pattern: modelNamePattern }),
  version: Type.String({ pattern: versionPattern }),
  description: Type.Optional(Type.String({ maxLength: 2000 })),
  /** The file that holds the ONNX graph. */
  graph: fileName,
  inputs: Type.Array(InputTensor, { minItems: 1, maxItems: 64 }),
  outputs: Type.Array(OutputTensor, { minItems: 1, maxItems: 64 }),
  interpretation: Type.Optional(Interpretation),
  runtime: RuntimeOptions,
  /** Golden vectors: see golden.ts. |got − want| ≤ atol + rtol·|want|, on x64 and arm64. */
  golden: Type.Object({ file: fileName, atol: Type.Number({ minimum: 0 }), rtol: Type.Number({ minimum: 0 }) }),
  /** A labelled set and what the release scores on it. */
  benchmark: Type.Optional(
    Type.Object({
      file: fileName,
      metric: Type.Literal('accuracy'),
      value: Type.Number({ minimum: 0, maximum: 1 }),
      samples: count,
    }),
  ),
  /** Reference distributions that drift is measured against: see reference.ts. */
  reference: Type.Optional(Type.Object({ file: fileName })),
  lineage: Type.Object({
    gitCommit: Type.String({ maxLength: 100 }),
    data: Type.Object({ id: Type.String({ maxLength: 200 }), sha256: Type.String({ pattern: hex64Pattern }) }),
    training: Type.String({ maxLength: 500 }),
    runtimeConfiguration: Type.String({ maxLength: 500 }),
  }),
  /** Limits that the probe on the device holds it to. Latency is compute time of one call with one row. */
  budgets: Type.Object({
    memoryMb: Type.Integer({ minimum: 1, maximum: 65_536 }),
    p99Ms: Type.Number({ exclusiveMinimum: 0, maximum: 600_000 }),
  }),
  /** Which tensors an adjustment may change, and how far; empty: none [J-2]. */
  adjustable: Type.Object({ tensors: Type.Array(Type.Object({ input: tensorName }), { maxItems: 16 }) }),
  /** Another distribution of the outputs is meant, and is no reason to hold a rollout. */
  outputNeutral: Type.Optional(Type.Boolean()),
};

/** `release.yaml`: what the author writes; the publisher adds sizes and digests. Unknown fields are refused: a typing error must not be signed. */
export const ReleaseSource = Type.Object(described, { additionalProperties: false });
export type ReleaseSource = Static<typeof ReleaseSource>;

/** The signed manifest, version 1. */
export const Manifest = Type.Object({
  schema: Type.Literal('bellwether.manifest.v1'),
  ...described,
  files: Type.Record(
    Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$' }),
    Type.Object({
      bytes: Type.Integer({ minimum: 0, maximum: 16 * 1024 ** 3 }),
      sha256: Type.String({ pattern: hex64Pattern }),
    }),
    // Closed: a name that does not fit, `../x`, would come with a size and digest that nobody checked.
    { maxProperties: 100, additionalProperties: false },
  ),
});
export type Manifest = Static<typeof Manifest>;

const compiled = Compile(Manifest);

/** Reads manifest bytes; throws DecodeError, and checks what a schema cannot say: every named file is listed, names are unique. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const manifest = decodeDocument(compiled, bytes, { what: 'manifest', maxBytes: maxManifestBytes });
  const problem = manifestProblem(manifest, Object.keys(manifest.files));
  if (problem !== undefined) throw new DecodeError('schema', `manifest of ${releaseOf(manifest)} ${problem}`);
  return manifest;
}

/** What is wrong with a manifest or release source beyond its schema, in one sentence; undefined when nothing is. */
export function manifestProblem(source: ReleaseSource | Manifest, files: readonly string[]): string | undefined {
  const listed = new Set(files);
  const named = namedFiles(source);
  const missing = named.find((file) => !listed.has(file));
  if (missing !== undefined) return `names the file ${missing}, which is not among its files`;
  const repeated = firstRepeated(source.inputs.map((t) => t.name)) ?? firstRepeated(source.outputs.map((t) => t.name));
  if (repeated !== undefined) return `has two tensors named ${repeated}`;
  for (const input of source.inputs) {
    if (input.role !== 'app' && input.shape.includes(-1))
      return `${input.role} input ${input.name} needs a fixed shape`;
  }
  const outputs = new Map(source.outputs.map((t) => [t.name, t]));
  for (const input of source.inputs) {
    if (input.role !== 'state') continue;
    const from = outputs.get(input.from);
    if (from?.role !== 'state') return `state input ${input.name} comes from ${input.from}, which is no state output`;
    if (from.dtype !== input.dtype)
      return `state input ${input.name} is ${input.dtype} but ${from.name} is ${from.dtype}`;
    const goesBack =
      from.shape.length === input.shape.length && from.shape.every((d, i) => d === -1 || d === input.shape[i]);
    if (!goesBack)
      return `state input ${input.name} is [${input.shape.join(',')}] but ${from.name} is [${from.shape.join(',')}]`;
  }
  if (!source.inputs.some((t) => t.role === 'app')) return 'has no app input';
  if (!source.outputs.some((t) => t.role === 'app')) return 'has no app output';
  const misread =
    source.interpretation && interpretationProblem(source.interpretation, outputs.get(source.interpretation.output));
  if (misread !== undefined) return misread;
  const inputNames = new Set(source.inputs.filter((t) => t.role === 'parameter').map((t) => t.name));
  const adjustable = source.adjustable.tensors.find((t) => !inputNames.has(t.input));
  if (adjustable !== undefined) return `lets ${adjustable.input} be adjusted, which is no parameter input`;
  return undefined;
}

/** A window counts answers by class: how many classes there are must be known, and bounded. */
function interpretationProblem(
  { output, kind, axis, labels }: Interpretation,
  tensor: OutputTensor | undefined,
): string | undefined {
  if (tensor?.role !== 'app') return `interprets ${output}, which is no app output`;
  if (kind === 'regression') return undefined;
  const classes = kind === 'binary' ? 2 : (tensor.shape.at(axis) ?? 0);
  if (classes < 1 || classes > maxClasses) {
    return `interprets axis ${axis} of ${output} [${tensor.shape.join(',')}], which has no fixed 1 to ${maxClasses} classes`;
  }
  return labels.length === 0 || labels.length === classes
    ? undefined
    : `names ${labels.length} labels for the ${classes} classes of ${output}`;
}

/** The files that a manifest or a release source needs, each once. */
export function namedFiles(source: ReleaseSource | Manifest): string[] {
  const names = [source.graph, source.golden.file];
  if (source.benchmark !== undefined) names.push(source.benchmark.file);
  if (source.reference !== undefined) names.push(source.reference.file);
  for (const input of source.inputs) if (input.role === 'parameter') names.push(input.value);
  return [...new Set(names)];
}

/** The release's id, `digits@1.4.0`. */
export function releaseOf(manifest: ReleaseSource | Manifest): string {
  return formatReleaseId(manifest);
}

/** Bytes of one element. */
export function bytesPerElement(dtype: DataType): number {
  switch (dtype) {
    case 'BOOL':
    case 'UINT8':
    case 'INT8':
      return 1;
    case 'UINT16':
    case 'INT16':
      return 2;
    case 'UINT32':
    case 'INT32':
    case 'FP32':
      return 4;
    case 'UINT64':
    case 'INT64':
    case 'FP64':
      return 8;
  }
}

function firstRepeated(names: readonly string[]): string | undefined {
  return names.find((name, i) => names.indexOf(name) !== i);
}

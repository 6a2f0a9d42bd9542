import { checkSchema, DecodeError } from '@bellwether/shared/contract/decode';
import { messageOf } from '@bellwether/shared/errors';
import type { DataType, Manifest } from '@bellwether/shared/models/manifest';
import { byteCount, elementCount, tensorText } from '@bellwether/shared/models/tensor-values';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import type { Tensor } from './engine.js';
import { bytesFromJson } from './open-inference-data.js';
import { OpenInferenceError, type OpenInferenceErrorCode } from './open-inference-error.js';
import { refuseSlowJson } from './open-inference-json.js';

/**
 * Open Inference Protocol v2, REST (https://github.com/kserve/open-inference-protocol), with the binary tensor data
 * extension: of a body, the first `Inference-Header-Content-Length` bytes are JSON, then come the tensors that have
 * `binary_data_size`, in their order, raw little-endian.
 */

const parameters = Type.Optional(Type.Record(Type.String(), Type.Unknown(), { maxProperties: 64 }));
const name = Type.String({ maxLength: 200 });

/** Strict, as every HTTP body of ours; only `parameters` are open, as the protocol says. */
const InferRequest = Type.Object(
  {
    id: Type.Optional(Type.String({ maxLength: 1000 })),
    parameters,
    inputs: Type.Array(
      Type.Object(
        {
          name,
          datatype: Type.String({ maxLength: 20 }),
          shape: Type.Array(Type.Integer({ minimum: 1, maximum: 2 ** 31 }), { maxItems: 16 }),
          parameters,
          data: Type.Optional(Type.Unknown()),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 64 },
    ),
    outputs: Type.Optional(
      Type.Array(Type.Object({ name, parameters }, { additionalProperties: false }), { maxItems: 64 }),
    ),
  },
  { additionalProperties: false },
);
type InferRequest = Static<typeof InferRequest>;
type RequestInput = InferRequest['inputs'][number];

const compiled = Compile(InferRequest);

/** An output that the app wants, and how. */
export interface WantedOutput {
  readonly name: string;
  readonly isBinary: boolean;
}

/** A request that fits its model. */
export interface InferenceRequest {
  readonly id: string | undefined;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly WantedOutput[];
  /** Whose state it continues, and whose arm it draws: `parameters.assignment_key`. */
  readonly assignmentKey: string | undefined;
  readonly reset: boolean;
}

/** Tensors of a model, as far as a request needs them. */
type ModelTensors = Pick<Manifest, 'inputs' | 'outputs'>;

/** Parameters that would change the meaning of a request; who sends them must not think that they worked. */
const unsupported = ['shared_memory_region', 'shared_memory_byte_size', 'shared_memory_offset', 'classification'];

/** Keys are kept with their state: an app must not fill a runner's memory with them. */
const maxKeyLength = 256;

/** Reads a request body; `jsonBytes` is Inference-Header-Content-Length, or undefined when all of it is JSON. Throws OpenInferenceError. */
export function readInferenceRequest(
  body: Buffer,
  jsonBytes: number | undefined,
  model: ModelTensors,
): InferenceRequest {
  const jsonEnd = jsonBytes ?? body.byteLength;
  if (jsonEnd > body.byteLength) {
    throw invalid('malformed', `Inference-Header-Content-Length is ${jsonEnd}, the body has ${body.byteLength} bytes`);
  }
  refuseSlowJson(body.subarray(0, jsonEnd));
  const request = parseRequest(body.toString('utf8', 0, jsonEnd));
  refuseUnsupported(request);
  const { assignment_key: assignmentKey, reset = false } = request.parameters ?? {};
  if (assignmentKey !== undefined && (typeof assignmentKey !== 'string' || !isKey(assignmentKey))) {
    throw invalid('schema', `parameters.assignment_key is no string of 1 to ${maxKeyLength} characters`);
  }
  if (typeof reset !== 'boolean') throw invalid('schema', 'parameters.reset is neither true nor false');
  return {
    id: request.id,
    inputs: readInputs(request.inputs, model, body.subarray(jsonEnd)),
    outputs: wantedOutputs(request, model),
    assignmentKey,
    reset,
  };
}

function isKey(key: string): boolean {
  return key.length > 0 && key.length <= maxKeyLength;
}

function parseRequest(text: string): InferRequest {
  try {
    return checkSchema(compiled, JSON.parse(text), 'request');
  } catch (cause) {
    const code: OpenInferenceErrorCode = cause instanceof DecodeError ? 'schema' : 'malformed';
    throw invalid(
      code,
      cause instanceof DecodeError ? cause.message : `the body is no JSON: ${messageOf(cause)}`,
      cause,
    );
  }
}

function refuseUnsupported({ inputs, outputs = [] }: InferRequest): void {
  for (const tensor of [...inputs, ...outputs]) {
    const found = unsupported.find((parameter) => tensor.parameters?.[parameter] !== undefined);
    if (found !== undefined) throw invalid('unsupported', `${tensor.name}: the parameter ${found} is not supported`);
  }
}

function readInputs(inputs: readonly RequestInput[], model: ModelTensors, binary: Uint8Array): Tensor[] {
  const wanted = model.inputs.filter((input) => input.role === 'app');
  const seen = new Set<string>();
  const reader = { at: 0 };
  const tensors = inputs.map((input) => {
    const declared = wanted.find((each) => each.name === input.name);
    if (declared === undefined) {
      const names = wanted.map((each) => each.name).join(', ');
      throw invalid('unknown-input', `the model has no input ${input.name}; its inputs are ${names}`);
    }
    if (seen.has(input.name)) throw invalid('duplicate-input', `input ${input.name} is there twice`);
    seen.add(input.name);
    const dtype = checkedType(input, declared);
    return { name: input.name, dtype, shape: input.shape, data: readData(input, dtype, binary, reader) };
  });
  const missing = wanted.find((each) => !seen.has(each.name));
  if (missing !== undefined) throw invalid('missing-input', `input ${missing.name} is missing`);
  if (reader.at !== binary.byteLength) {
    throw invalid('wrong-data', `${binary.byteLength} bytes of binary data, of which the inputs name ${reader.at}`);
  }
  return tensors;
}

function checkedType(
  input: RequestInput,
  declared: { readonly dtype: DataType; readonly shape: readonly number[] },
): DataType {
  if (input.datatype !== declared.dtype) {
    throw invalid('wrong-dtype', `input ${input.name} is ${input.datatype} instead of ${declared.dtype}`);
  }
  const fits =
    input.shape.length === declared.shape.length &&
    declared.shape.every((size, i) => size === -1 || size === input.shape[i]);
  if (!fits) {
    const got = tensorText({ dtype: declared.dtype, shape: input.shape });
    throw invalid('wrong-shape', `input ${input.name} is ${got} instead of ${tensorText(declared)}`);
  }
  return declared.dtype;
}

/** NaN can come in binary only, and then it is the app's to send: some models take it for a missing value. */
function readData(input: RequestInput, dtype: DataType, binary: Uint8Array, reader: { at: number }): Uint8Array {
  const size = input.parameters?.['binary_data_size'];
  const count = elementCount(input.shape);
  if (size === undefined) return bytesFromJson(input.data, { name: input.name, dtype, count });
  const bytes = byteCount(dtype, input.shape);
  if (input.data !== undefined) throw invalid('wrong-data', `input ${input.name} has both data and binary_data_size`);
  if (size !== bytes) {
    throw invalid(
      'wrong-data',
      `input ${input.name} needs a binary_data_size of ${bytes}, not ${JSON.stringify(size)}`,
    );
  }
  const start = reader.at;
  reader.at += bytes;
  if (reader.at > binary.byteLength)
    throw invalid('wrong-data', `the binary data ends before input ${input.name} does`);
  const data = binary.subarray(start, reader.at);
  // Native code takes a bool for 0 or 1, and what it makes of 2 is nobody's promise.
  if (dtype === 'BOOL' && data.some((value) => value > 1)) {
    throw invalid('wrong-data', `input ${input.name} (BOOL): its bytes may be 0 or 1`);
  }
  return data;
}

function wantedOutputs({ outputs, parameters: given }: InferRequest, model: ModelTensors): WantedOutput[] {
  const offered = model.outputs.filter((output) => output.role === 'app').map((output) => output.name);
  const isBinary = given?.['binary_data_output'] === true;
  if (outputs === undefined || outputs.length === 0) return offered.map((each) => ({ name: each, isBinary }));
  return outputs.map((output) => {
    if (!offered.includes(output.name)) {
      throw invalid('unknown-output', `the model has no output ${output.name}; its outputs are ${offered.join(', ')}`);
    }
    const own = output.parameters?.['binary_data'];
    return { name: output.name, isBinary: typeof own === 'boolean' ? own : isBinary };
  });
}

function invalid(code: OpenInferenceErrorCode, message: string, cause?: unknown): OpenInferenceError {
  return new OpenInferenceError(code, message, { cause });
}

import type { Manifest } from '@bellwether/shared/models/manifest';
import type { Tensor } from './engine.js';
import { jsonFromBytes } from './open-inference-data.js';
import type { WantedOutput } from './open-inference-request.js';

/** What an answer says about itself. */
interface AnswerOrigin {
  readonly model: string;
  readonly version: string;
  readonly arm: string;
  readonly release: string;
  readonly lineageId: string;
  /** Why stable answered a call that was the canary's. */
  readonly fallback?: string;
}

/** A response: its buffers in order, and of a binary one how many bytes of it are JSON. */
export interface InferenceResponse {
  readonly buffers: readonly Uint8Array[];
  readonly jsonBytes: number | undefined;
}

/** Writes the response to a request: the outputs that it wants, each as JSON values or as raw bytes behind the JSON. */
export function writeInferenceResponse(
  request: { readonly id: string | undefined; readonly outputs: readonly WantedOutput[] },
  outputs: readonly Tensor[],
  origin: AnswerOrigin,
): InferenceResponse {
  const binary: Uint8Array[] = [];
  const texts = request.outputs.flatMap(({ name, isBinary }) => {
    const tensor = outputs.find((output) => output.name === name);
    if (tensor === undefined) return [];
    if (isBinary) binary.push(tensor.data);
    return [outputText(tensor, isBinary)];
  });
  const { model, version, arm, release, lineageId } = origin;
  const fallback = origin.fallback === undefined ? '' : `,"fallback":"${origin.fallback}"`;
  const id = request.id === undefined ? '' : `"id":${JSON.stringify(request.id)},`;
  // Written by hand: values that are text already must not go through JSON.stringify again.
  const json = Buffer.from(
    `{"model_name":"${model}","model_version":"${version}",${id}` +
      `"parameters":{"arm":"${arm}","release":"${release}","lineage_id":"${lineageId}"${fallback}},"outputs":[${texts.join(',')}]}`,
  );
  return { buffers: [json, ...binary], jsonBytes: binary.length === 0 ? undefined : json.byteLength };
}

/** The metadata of a model, as the protocol has it: app tensors only. */
export function modelMetadata(manifest: Manifest): unknown {
  return {
    name: manifest.model,
    versions: [manifest.version],
    platform: 'onnx_onnxv1',
    inputs: appTensors(manifest.inputs),
    outputs: appTensors(manifest.outputs),
  };
}

function outputText({ name, dtype, shape, data }: Tensor, isBinary: boolean): string {
  const values = isBinary
    ? `"parameters":{"binary_data_size":${data.byteLength}}`
    : `"data":${jsonFromBytes(dtype, data)}`;
  return `{"name":${JSON.stringify(name)},"datatype":"${dtype}","shape":[${shape.join(',')}],${values}}`;
}

function appTensors(tensors: Manifest['inputs'] | Manifest['outputs']): unknown[] {
  return [...tensors]
    .filter((tensor) => tensor.role === 'app')
    .map(({ name, dtype, shape }) => ({ name, datatype: dtype, shape }));
}

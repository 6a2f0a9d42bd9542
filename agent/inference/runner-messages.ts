import { hex64Pattern, modelNamePattern, versionPattern } from '@bellwether/shared/ids';
import { dataTypes } from '@bellwether/shared/models/manifest';
import { byteCount, tensorText } from '@bellwether/shared/models/tensor-values';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { RunnerTrust } from '../trust/runner-trust.js';
import type { Tensor } from './engine.js';
import { FrameError, tensorBytes } from './runner-frames.js';
import { RunnerUser } from './runner-user.js';

/** What main process and runner say to each other: a frame's type, and the schema of its header. */
export const frameTypes = { load: 1, infer: 2, loaded: 16, refused: 17, answer: 18, failed: 19 } as const;
export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];

const ListedTensor = Type.Object({
  name: Type.String({ maxLength: 200 }),
  dtype: Type.Enum(dataTypes),
  shape: Type.Array(Type.Integer({ minimum: 0, maximum: 2 ** 31 }), { maxItems: 16 }),
  /** Bytes in the frame's body, in the order of the list. */
  bytes: Type.Integer({ minimum: 0 }),
});
type ListedTensor = Static<typeof ListedTensor>;

const tensors = Type.Array(ListedTensor, { maxItems: 64 });

/** Which release to verify and load, and what to hold it against. */
export const LoadMessage = Type.Object({
  model: Type.String({ pattern: modelNamePattern }),
  version: Type.String({ pattern: versionPattern }),
  manifestSha256: Type.String({ pattern: hex64Pattern }),
  blobFolder: Type.String(),
  trust: RunnerTrust,
  user: Type.Optional(RunnerUser),
  /** Calls wait for it: it yields to nobody any more. */
  isUrgent: Type.Optional(Type.Boolean()),
});
export type LoadMessage = Static<typeof LoadMessage>;

/** The release serves from now on. */
export const LoadedMessage = Type.Object({
  verifyMs: Type.Number({ minimum: 0 }),
  loadMs: Type.Number({ minimum: 0 }),
  goldenVectors: Type.Integer({ minimum: 0 }),
  p99Micros: Type.Number({ minimum: 0 }),
  rssBytes: Type.Integer({ minimum: 0 }),
});

/** The release is refused; the runner ends. */
export const RefusedMessage = Type.Object({
  code: Type.String({ maxLength: 64 }),
  message: Type.String(),
});

/** One call; the body holds its app inputs. */
export const InferMessage = Type.Object({
  tensors,
  stateKey: Type.Optional(Type.String()),
  reset: Type.Optional(Type.Boolean()),
});
export type InferMessage = Static<typeof InferMessage>;

/** What came of a call; the body holds its app outputs, then the features that are counted. */
export const AnswerMessage = Type.Object({ tensors, computeMicros: Type.Number({ minimum: 0 }) });

/** onnxruntime threw on a call. */
export const FailedMessage = Type.Object({ message: Type.String() });

/** What the runner reads. */
export const toRunner = { load: Compile(LoadMessage), infer: Compile(InferMessage) };
/** What the main process reads; a runner that talks nonsense is as good as dead. */
export const fromRunner = {
  loaded: Compile(LoadedMessage),
  refused: Compile(RefusedMessage),
  answer: Compile(AnswerMessage),
  failed: Compile(FailedMessage),
};

/** The tensors of a frame's header, with their bytes cut out of its body; throws FrameError when these do not fit it, or their type and shape. */
export function tensorsOf(list: readonly ListedTensor[], body: Uint8Array): Tensor[] {
  const wrong = list.find(({ dtype, shape, bytes }) => bytes !== byteCount(dtype, shape));
  if (wrong !== undefined) {
    throw new FrameError('frame-malformed', `tensor ${wrong.name} ${tensorText(wrong)} in ${wrong.bytes} bytes`);
  }
  const parts = tensorBytes(
    body,
    list.map((tensor) => tensor.bytes),
  );
  return list.map(({ name, dtype, shape }, i) => ({ name, dtype, shape, data: parts[i] ?? new Uint8Array() }));
}

/** The header's side of tensors that go into a frame. */
export function tensorList(list: readonly Tensor[]): ListedTensor[] {
  return list.map(({ name, dtype, shape, data }) => ({ name, dtype, shape: [...shape], bytes: data.byteLength }));
}

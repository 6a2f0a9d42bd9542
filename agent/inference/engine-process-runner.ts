import { checkSchema } from '@bellwether/shared/contract/decode';
import { messageOf } from '@bellwether/shared/errors';
import { type Manifest, releaseOf } from '@bellwether/shared/models/manifest';
import type { VerifiedModel } from '../installs/verified-model.js';
import {
  type ProbeResult,
  type Runner,
  type RunnerAnswer,
  type RunnerCall,
  RunnerError,
  type RunnerErrorCode,
  type RunnerExit,
  type RunnerUsage,
  type Tensor,
} from './engine.js';
import { ChildError, type ChildErrorCode, type RunnerChild } from './engine-process-child.js';
import { readProcessUsage } from './engine-process-usage.js';
import type { Frame } from './runner-frames.js';
import { frameTypes, fromRunner, type InferMessage, tensorList, tensorsOf } from './runner-messages.js';

const errorCodes: Readonly<Record<ChildErrorCode, RunnerErrorCode>> = {
  limit: 'deadline',
  asked: 'stopped',
  memory: 'runner-died',
  died: 'runner-died',
  spawn: 'runner-died',
};

/** One loaded release in its process. */
export class ProcessRunner implements Runner {
  readonly model: VerifiedModel;
  readonly probe: ProbeResult;
  readonly #child: RunnerChild;
  #usage: Omit<RunnerUsage, 'computeMicros'> = { cpuMicros: 0, rssBytes: 0 };
  #computeMicros = 0;

  constructor(model: VerifiedModel, probe: ProbeResult, child: RunnerChild) {
    this.model = model;
    this.probe = probe;
    this.#child = child;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get exited(): Promise<RunnerExit> {
    return this.#child.exited;
  }

  async infer({ inputs, stateKey, reset }: RunnerCall, deadlineMs: number): Promise<RunnerAnswer> {
    const message: InferMessage = {
      tensors: tensorList(inputs),
      ...(stateKey === undefined ? {} : { stateKey }),
      ...(reset === undefined ? {} : { reset }),
    };
    const bytes = inputs.map((input) => input.data);
    const frame = await this.#request(message, bytes, deadlineMs);
    try {
      const answer = readAnswer(frame, this.model.manifest);
      this.#computeMicros += answer.computeMicros;
      return answer;
    } catch (cause) {
      if (cause instanceof RunnerError) throw cause;
      // Native code that scribbles over its own memory: what it says next is worth no more.
      this.#child.kill();
      throw new RunnerError('runner-died', `the runner talked nonsense: ${messageOf(cause)}`, { cause });
    }
  }

  /** The last known use once the process has ended. */
  usage(): RunnerUsage {
    if (this.#child.isAlive) this.#usage = readProcessUsage(this.pid) ?? this.#usage;
    return { ...this.#usage, computeMicros: this.#computeMicros };
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  async #request(message: InferMessage, bytes: readonly Uint8Array[], deadlineMs: number): Promise<Frame> {
    try {
      return await this.#child.request(frameTypes.infer, message, bytes, deadlineMs);
    } catch (cause) {
      if (!(cause instanceof ChildError)) throw cause;
      const release = releaseOf(this.model.manifest);
      throw new RunnerError(errorCodes[cause.code], `${release}: ${messageOf(cause)}`, { cause });
    }
  }
}

function readAnswer({ type, header, body }: Frame, manifest: Pick<Manifest, 'outputs'>): RunnerAnswer {
  if (type === frameTypes.failed)
    throw new RunnerError('engine', checkSchema(fromRunner.failed, header, 'failed').message);
  const { tensors, computeMicros } = checkSchema(fromRunner.answer, header, 'answer');
  const all = tensorsOf(tensors, body);
  const isFeature = ({ name }: Tensor): boolean =>
    manifest.outputs.some((output) => output.name === name && output.role === 'features');
  const features = all.filter(isFeature);
  if (features.length === 0) return { outputs: all, computeMicros };
  return { outputs: all.filter((tensor) => !isFeature(tensor)), features, computeMicros };
}

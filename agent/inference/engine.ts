import { CodedError } from '@bellwether/shared/errors';
import type { DataType } from '@bellwether/shared/models/manifest';
import type { VerifiedModel } from '../installs/verified-model.js';
import type { RunnerTrust } from '../trust/runner-trust.js';

/** A tensor with its values: raw little-endian, row-major bytes. */
export interface Tensor {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** One call of a model: its app inputs, and the key whose state it continues, if it has state. */
export interface RunnerCall {
  readonly inputs: readonly Tensor[];
  readonly stateKey?: string;
  /** Forget the key's state first. */
  readonly reset?: boolean;
}

/** App outputs of one call; `computeMicros` is session.run alone, as the runner measured it. */
export interface RunnerAnswer {
  readonly outputs: readonly Tensor[];
  /** Outputs with the role `features`, as far as they are counted; the application does not get them. */
  readonly features?: readonly Tensor[];
  readonly computeMicros: number;
}

/** What the new runner measured on itself before it got requests. */
export interface ProbeResult {
  readonly verifyMs: number;
  readonly loadMs: number;
  readonly goldenVectors: number;
  /** Best of three batches of 50 calls on the first golden vector: its p99 in microseconds. */
  readonly p99Micros: number;
  readonly rssBytes: number;
}

/** `engine`: onnxruntime threw. `runner-died`: the process went while it was executing this call. `deadline`: cut off. `stopped`: it was told to stop. */
export type RunnerErrorCode = 'engine' | 'runner-died' | 'deadline' | 'stopped';
export class RunnerError extends CodedError<RunnerErrorCode> {}

/** Use of a runner's process since it started. */
export interface RunnerUsage {
  readonly cpuMicros: number;
  /** How long the calls that it answered were in session.run. */
  readonly computeMicros: number;
  readonly rssBytes: number;
}

/** Why a runner is gone: `asked` when it was told to; `why` in words when it was killed for its memory. */
export interface RunnerExit {
  readonly asked: boolean;
  readonly code: number | null;
  readonly signal: string | null;
  readonly why?: string;
}

/** One loaded release in a process of its own. It executes one call at a time. */
export interface Runner {
  readonly model: VerifiedModel;
  readonly pid: number;
  readonly probe: ProbeResult;
  /** Executes one call. Rejects with RunnerError; past `deadlineMs` the process is killed. */
  infer(call: RunnerCall, deadlineMs: number): Promise<RunnerAnswer>;
  usage(): RunnerUsage;
  /** Resolves when the process has ended, whoever ended it. */
  readonly exited: Promise<RunnerExit>;
  /** SIGTERM, after a grace SIGKILL; resolves when it is gone. May be called twice. */
  stop(): Promise<void>;
}

/** Starts runners. */
export interface Engine {
  /**
   * A runner that has verified, loaded, passed its golden vectors and kept its budgets; rejects with AdmissionRefusal, whose
   * code says which of them failed. `isUrgent`: calls wait for it, so that it yields to nobody while it loads.
   */
  start(model: VerifiedModel, trust: RunnerTrust, signal: AbortSignal, isUrgent?: boolean): Promise<Runner>;
}

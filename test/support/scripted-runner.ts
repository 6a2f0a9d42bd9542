import {
  type ProbeResult,
  type Runner,
  type RunnerAnswer,
  type RunnerCall,
  RunnerError,
  type RunnerErrorCode,
  type RunnerExit,
  type RunnerUsage,
} from '@bellwether/agent/inference/engine';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import type { Manifest } from '@bellwether/shared/models/manifest';

/** A call that a scripted runner is executing; the test decides how it ends. */
export interface ScriptedCall {
  readonly call: RunnerCall;
  readonly deadlineMs: number;
  answer(answer?: Partial<RunnerAnswer>): void;
  fail(code: RunnerErrorCode): void;
}

/** A runner that does what the test says, when it says it. */
export class ScriptedRunner implements Runner {
  readonly model: VerifiedModel;
  readonly pid = 1;
  readonly probe: ProbeResult = { verifyMs: 1, loadMs: 1, goldenVectors: 1, p99Micros: 1, rssBytes: 1 };
  readonly exited: Promise<RunnerExit>;
  /** Every call so far, oldest first. */
  readonly calls: ScriptedCall[] = [];
  isStopped = false;
  #end: (exit: RunnerExit) => void = () => {};
  #arrived: () => void = () => {};

  constructor(model: VerifiedModel) {
    this.model = model;
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  infer(call: RunnerCall, deadlineMs: number): Promise<RunnerAnswer> {
    return new Promise((resolve, reject) => {
      this.calls.push({
        call,
        deadlineMs,
        answer: (answer = {}) => resolve({ outputs: [], computeMicros: 100, ...answer }),
        fail: (code) => reject(new RunnerError(code, `scripted: ${code}`)),
      });
      this.#arrived();
    });
  }

  /** The call with this index, as soon as it is there. */
  async arrived(index: number): Promise<ScriptedCall> {
    for (;;) {
      const call = this.calls[index];
      if (call !== undefined) return call;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }

  usage(): RunnerUsage {
    return { cpuMicros: 0, computeMicros: 0, rssBytes: 0 };
  }

  /** The process is gone without having been asked. */
  die(): void {
    this.calls.at(-1)?.fail('runner-died');
    this.#end({ asked: false, code: null, signal: 'SIGKILL' });
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.calls.at(-1)?.fail('stopped');
    this.#end({ asked: true, code: null, signal: 'SIGTERM' });
    await this.exited;
  }
}

/** A release of `digits` as admission would have made it, for runners that load nothing. */
export function scriptedModel(version = '1.0.0', changes: Partial<Manifest> = {}): VerifiedModel {
  const file = { bytes: 1, sha256: '1'.repeat(64) };
  const manifest: Manifest = {
    schema: 'bellwether.manifest.v1',
    model: 'digits',
    version,
    graph: 'model.onnx',
    inputs: [{ name: 'x', dtype: 'FP32', shape: [-1, 4], role: 'app' }],
    outputs: [{ name: 'y', dtype: 'FP32', shape: [-1, 2], role: 'app' }],
    interpretation: { output: 'y', kind: 'probabilities', axis: -1, labels: ['no', 'yes'] },
    runtime: { intraOpThreads: 1, spinning: false, graphOptimization: 'all' },
    golden: { file: 'golden.json', atol: 0, rtol: 0 },
    lineage: {
      gitCommit: 'fixture',
      data: { id: 'fixture', sha256: '0'.repeat(64) },
      training: 'none',
      runtimeConfiguration: 'none',
    },
    budgets: { memoryMb: 100, p99Ms: 10 },
    adjustable: { tensors: [] },
    files: { 'model.onnx': file, 'golden.json': file },
    ...changes,
  };
  const manifestSha256 = Buffer.from(version.padEnd(32, '.')).toString('hex');
  return { manifest, manifestSha256, blobFolder: '/nowhere' } as VerifiedModel;
}

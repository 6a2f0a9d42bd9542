import type { Clock } from '@bellwether/shared/clock';
import { formatReleaseId } from '@bellwether/shared/ids';
import type { VerifiedModel } from '../installs/verified-model.js';
import type { Runner, RunnerExit, Tensor } from './engine.js';
import { type Reading, readAnswer } from './interpretation.js';
import { type LaneAnswer, type LaneCall, type LaneLimits, ModelLane } from './model-lane.js';
import type { InferenceObserver, ObservedArm } from './observer.js';
import { ReleaseFailedError, ServingError } from './serving-error.js';

export interface ServingParts {
  readonly clock: Clock;
  readonly observer: InferenceObserver;
  readonly limits: LaneLimits;
  /** The runner that served `model` is gone and nobody asked it to: start another one and swap it in. */
  readonly onRunnerDied: (model: VerifiedModel, exit: RunnerExit) => void;
}

/** What an answer counts for: whoever tells its truth later speaks of this. */
export interface ServedEvidence {
  readonly arm: ObservedArm;
  readonly reading: Reading;
  /** Names of the classes; empty when the manifest has none. */
  readonly labels: readonly string[];
}

/** An answer, and which release gave it in which arm. */
export interface Served {
  readonly outputs: readonly Tensor[];
  readonly computeMicros: number;
  readonly arm: 'stable';
  /** `digits@1.1.0`. */
  readonly release: string;
  readonly version: string;
  /** SHA-256 of the manifest. */
  readonly manifest: string;
  /** The manifest digest's first 16 digits. */
  readonly lineageId: string;
  /** Undefined when the app named the version: such a call is no evidence. */
  readonly evidence: ServedEvidence | undefined;
}

/** Which runner answers which model's calls, and how one takes the place of another without losing a call. */
export class Serving {
  readonly #parts: ServingParts;
  readonly #lanes = new Map<string, ModelLane>();
  #isStopping = false;

  constructor(parts: ServingParts) {
    this.#parts = parts;
  }

  /** Calls of its model go to this runner from now on; `drained` resolves when the one before it is gone. */
  swap(runner: Runner): { readonly drained: Promise<void> } {
    const { model } = runner.model.manifest;
    const open = this.#openLane(model);
    const lane = open ?? new ModelLane(runner, this.#parts.clock, this.#parts.limits);
    this.#lanes.set(model, lane);
    const drained = open?.swap(runner) ?? Promise.resolve();
    void runner.exited.then((exit) => this.#runnerExited(lane, runner, exit));
    return { drained };
  }

  /** The model's calls are turned away from now on; resolves when those that it has are answered and its runner is gone. */
  async withdraw(model: string): Promise<void> {
    const lane = this.#lanes.get(model);
    if (lane === undefined) return;
    await lane.close();
    // While the agent stops the lane stays: `draining` is no `unknown-model`, which an app would take for good.
    if (!this.#isStopping && this.#lanes.get(model) === lane) this.#lanes.delete(model);
  }

  /** The runner that takes a model's calls; undefined while there is none. */
  runnerOf(model: string): Runner | undefined {
    return this.#lanes.get(model)?.runner;
  }

  /** The release that serves a model, or served it until its runner died. */
  releaseOf(model: string): VerifiedModel | undefined {
    return this.#lanes.get(model)?.release;
  }

  /** Answers one call, whose inputs fit the model's manifest; rejects with ServingError. */
  async infer(model: string, call: LaneCall): Promise<Served> {
    const { clock, observer } = this.#parts;
    const acceptedAtMs = clock.now().monotonicMs;
    try {
      const answer = await this.#laneOf(model).submit(call);
      const totalMs = clock.now().monotonicMs - acceptedAtMs;
      if (call.version === undefined) return servedBy(answer, this.#observe(answer, totalMs * 1000));
      // A call to an explicit version is no evidence.
      observer.rejected(model, 'explicit-version');
      return servedBy(answer, undefined);
    } catch (error) {
      if (error instanceof ReleaseFailedError) observer.failed({ ...stable(error.release), code: error.code });
      else if (error instanceof ServingError) observer.rejected(model, error.code);
      throw error;
    }
  }

  /** Takes no more calls, answers those that it has, and stops every runner. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#lanes.keys()].map((model) => this.withdraw(model)));
  }

  #laneOf(model: string): ModelLane {
    const lane = this.#lanes.get(model);
    if (lane !== undefined) return lane;
    throw this.#isStopping
      ? new ServingError('draining', 'the agent is stopping')
      : new ServingError('unknown-model', `no model ${model} serves here`);
  }

  /** A lane that is being closed belongs to the past: the model can be served again at once. */
  #openLane(model: string): ModelLane | undefined {
    const lane = this.#lanes.get(model);
    return lane?.isClosed ? undefined : lane;
  }

  #runnerExited(lane: ModelLane, runner: Runner, exit: RunnerExit): void {
    lane.lose(runner);
    if (exit.asked) return;
    this.#parts.observer.runnerDied(stable(runner.model));
    const isMissed = !lane.isClosed && lane.runner === undefined && lane.release === runner.model;
    if (isMissed) this.#parts.onRunnerDied(runner.model, exit);
  }

  #observe({ release, outputs, computeMicros }: LaneAnswer, totalMicros: number): ServedEvidence {
    const { interpretation } = release.manifest;
    const reading = readAnswer(interpretation, outputs);
    const arm = stable(release);
    this.#parts.observer.answered({
      ...arm,
      computeMicros,
      totalMicros: Math.round(totalMicros),
      reading: reading.rows,
      invalid: reading.invalid,
      classes: reading.classes,
    });
    return { arm, reading, labels: interpretation?.labels ?? [] };
  }
}

function stable({ manifest, manifestSha256 }: VerifiedModel): ObservedArm {
  return { model: manifest.model, version: manifest.version, manifest: manifestSha256, arm: 'stable', segment: 0 };
}

function servedBy(answer: LaneAnswer, evidence: ServedEvidence | undefined): Served {
  const { release, outputs, computeMicros } = answer;
  const { manifest, manifestSha256 } = release;
  return {
    outputs,
    computeMicros,
    arm: 'stable',
    release: formatReleaseId(manifest),
    version: manifest.version,
    manifest: manifestSha256,
    lineageId: manifestSha256.slice(0, 16),
    evidence,
  };
}

import type { VerifiedModel } from '../installs/verified-model.js';
import type { CanarySettings } from './canary-settings.js';
import type { Runner, RunnerExit } from './engine.js';
import { type ArmsParts, ModelArms } from './model-arms.js';
import type { LaneCall } from './model-lane.js';
import type { Served } from './served.js';
import { ReleaseFailedError, ServingError } from './serving-error.js';

export interface ServingParts extends ArmsParts {
  /** The runner that served `model` is gone and nobody asked it to: start another one and swap it in. */
  readonly onRunnerDied: (model: VerifiedModel, exit: RunnerExit) => void;
  /** The same of a canary's runner: stable has taken over its calls. */
  readonly onCanaryDied?: (model: VerifiedModel, exit: RunnerExit) => void;
}

/** Which runner answers which model's calls, and how one takes the place of another without losing a call. */
export class Serving {
  readonly #parts: ServingParts;
  readonly #models = new Map<string, ModelArms>();
  #isStopping = false;
  #isShadowShed = false;

  constructor(parts: ServingParts) {
    this.#parts = parts;
  }

  /** Calls of its model go to this runner from now on; `drained` resolves when the one before it is gone. */
  swap(runner: Runner): { readonly drained: Promise<void> } {
    const { model } = runner.model.manifest;
    const open = this.#openArms(model);
    const arms = open ?? new ModelArms(runner, this.#parts);
    arms.shedShadows(this.#isShadowShed);
    this.#models.set(model, arms);
    const drained = open?.swap(runner) ?? Promise.resolve();
    void runner.exited.then((exit) => this.#stableExited(arms, runner, exit));
    return { drained };
  }

  /** The canary of a model that serves: its runner takes the calls that are drawn for it from now on; or other calls, when it is there already. */
  setCanary(runner: Runner, settings: CanarySettings): void {
    const arms = this.#openArms(runner.model.manifest.model);
    if (arms === undefined) return;
    const isNew = arms.trial?.release !== runner.model;
    arms.setCanary(runner, settings);
    if (isNew && arms.trial?.lane !== undefined) {
      void runner.exited.then((exit) => this.#canaryExited(arms, runner, exit));
    }
  }

  /** Canaries are asked no more beside stable, or again, of whatever model. */
  shedShadows(isShed: boolean): void {
    this.#isShadowShed = isShed;
    for (const arms of this.#models.values()) arms.shedShadows(isShed);
  }

  /** Stable answers everything from now on: the switch is a reference. Resolves when the canary's runner is gone. */
  async dropCanary(model: string): Promise<void> {
    await this.#models.get(model)?.dropCanary();
  }

  /** The canary's runner, to be swapped in as it is; undefined when there is none. */
  async releaseCanary(model: string): Promise<Runner | undefined> {
    return this.#models.get(model)?.releaseCanary();
  }

  /** The model's calls are turned away from now on; resolves when those that it has are answered and its runners are gone. */
  async withdraw(model: string): Promise<void> {
    const arms = this.#models.get(model);
    if (arms === undefined) return;
    await arms.close();
    // While the agent stops the lane stays: `draining` is no `unknown-model`, which an app would take for good.
    if (!this.#isStopping && this.#models.get(model) === arms) this.#models.delete(model);
  }

  /** The runner that takes a model's calls; undefined while there is none. */
  runnerOf(model: string): Runner | undefined {
    return this.#models.get(model)?.stable.runner;
  }

  /** The release that serves a model, or served it until its runner died; the canary, when it is its version that is asked for. */
  releaseOf(model: string, version?: string): VerifiedModel | undefined {
    const arms = this.#models.get(model);
    const canary = arms?.trial?.lane?.release;
    return version !== undefined && canary?.manifest.version === version ? canary : arms?.stable.release;
  }

  /** Answers one call, whose inputs fit the model's manifest; rejects with ServingError. */
  async infer(model: string, call: LaneCall): Promise<Served> {
    try {
      return await this.#armsOf(model).infer(call);
    } catch (error) {
      const isTurnedAway = error instanceof ServingError && !(error instanceof ReleaseFailedError);
      if (isTurnedAway) this.#parts.observer.rejected(model, error.code);
      throw error;
    }
  }

  /** Takes no more calls, answers those that it has, and stops every runner. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#models.keys()].map((model) => this.withdraw(model)));
  }

  #armsOf(model: string): ModelArms {
    const arms = this.#models.get(model);
    if (arms !== undefined) return arms;
    throw this.#isStopping
      ? new ServingError('draining', 'the agent is stopping')
      : new ServingError('unknown-model', `no model ${model} serves here`);
  }

  /** A lane that is being closed belongs to the past: the model can be served again at once. */
  #openArms(model: string): ModelArms | undefined {
    const arms = this.#models.get(model);
    return arms?.stable.isClosed ? undefined : arms;
  }

  #stableExited(arms: ModelArms, runner: Runner, exit: RunnerExit): void {
    if (exit.asked) {
      arms.stable.lose(runner);
      return;
    }
    arms.stableDied(runner);
    const { stable } = arms;
    const isMissed = !stable.isClosed && stable.runner === undefined && stable.release === runner.model;
    if (isMissed) this.#parts.onRunnerDied(runner.model, exit);
  }

  #canaryExited(arms: ModelArms, runner: Runner, exit: RunnerExit): void {
    if (!exit.asked && arms.canaryDied(runner)) this.#parts.onCanaryDied?.(runner.model, exit);
  }
}

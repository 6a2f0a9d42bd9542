import type { Instant } from '@bellwether/shared/clock';
import type { Manifest } from '@bellwether/shared/models/manifest';
import type { CanarySettings } from '../inference/canary-settings.js';
import type { Runner } from '../inference/engine.js';
import type { ReleaseRef } from '../installs/install-record.js';
import { noProbation, type ProbationProgress } from '../installs/probation.js';

/** A model that answers requests in this run of the agent. */
export interface LiveModel {
  readonly release: ReleaseRef;
  readonly runner: Runner;
  readonly since: Instant;
  /** What it had behind it in its probation by then. */
  readonly before: ProbationProgress;
  /** Calls that this release answered or failed in its probation. */
  readonly calls: number;
}

/** A canary that gets its part of the calls: beside what serves, or as what serves where there is no room for two. */
export interface LiveTrial {
  readonly release: ReleaseRef;
  readonly runner: Runner;
  readonly settings: CanarySettings;
  /** Of its first calls; another share changes nothing about it. */
  readonly since: Instant;
}

/** Calls are counted in place: this is on the way of every request. */
type Counting = LiveModel & { calls: number };

/** What lives: the serving runner, the canary and the standby runner of each model. Nothing here survives the process, and nothing needs to. */
export class LiveModels {
  readonly #serving = new Map<string, Counting>();
  readonly #standby = new Map<string, Runner>();
  readonly #trials = new Map<string, LiveTrial>();
  readonly #open = new Set<string>();

  models(): readonly string[] {
    return [...new Set([...this.#open, ...this.#standby.keys()])];
  }

  /** Every runner that serves or is about to. */
  runners(): readonly Runner[] {
    const serving = [...this.#serving.values(), ...this.#trials.values()].map(({ runner }) => runner);
    return [...new Set([...serving, ...this.#standby.values()])];
  }

  serving(model: string): LiveModel | undefined {
    return this.#serving.get(model);
  }

  /** The manifest of what serves; null when nothing does. */
  servingManifest(model: string): Manifest | null {
    return this.#serving.get(model)?.runner.model.manifest ?? null;
  }

  serves(runner: Runner, since: Instant, before: ProbationProgress = noProbation): void {
    const release = runnerRelease(runner);
    this.#serving.set(release.model, { release, runner, since, before, calls: before.calls });
    this.#open.add(release.model);
  }

  /** What a release that serves has behind it in its probation; undefined when it does not serve. */
  probationOf({ model, manifest }: ReleaseRef, nowMs: number): ProbationProgress | undefined {
    const live = this.#serving.get(model);
    if (live?.release.manifest !== manifest) return undefined;
    return { servedMs: live.before.servedMs + Math.round(nowMs - live.since.monotonicMs), calls: live.calls };
  }

  /** The model's runner is gone; its requests wait for another one. */
  ended(model: string): void {
    this.#serving.delete(model);
  }

  get hasTrials(): boolean {
    return this.#trials.size > 0;
  }

  trial(model: string): LiveTrial | undefined {
    return this.#trials.get(model);
  }

  /** Canaries with a process of their own: not those that serve alone. */
  trialsBeside(): readonly LiveTrial[] {
    const trials = [...this.#trials.values()];
    return trials.filter(({ release, runner }) => this.#serving.get(release.model)?.runner !== runner);
  }

  /** A canary gets its part of the calls. */
  tries(model: string, trial: LiveTrial): void {
    this.#trials.set(model, trial);
  }

  /** It gets none any more. */
  triedOut(model: string): void {
    this.#trials.delete(model);
  }

  /** The model takes no more requests. */
  closed(model: string): void {
    this.#serving.delete(model);
    this.#trials.delete(model);
    this.#open.delete(model);
  }

  /** True while requests for the model are taken, with a runner or without one for the moment. */
  isOpen(model: string): boolean {
    return this.#open.has(model);
  }

  standby(model: string): Runner | undefined {
    return this.#standby.get(model);
  }

  /** Takes a runner into standby; one that waited there before is stopped. */
  setStandby(runner: Runner): void {
    const { model } = runner.model.manifest;
    const before = this.#standby.get(model);
    this.#standby.set(model, runner);
    if (before !== undefined && before !== runner) void before.stop();
  }

  /** Hands the standby runner out; it is the caller's to serve or to stop. */
  takeStandby(model: string): Runner | undefined {
    const runner = this.#standby.get(model);
    this.#standby.delete(model);
    return runner;
  }

  /** One more call for a release: how many it has now. A release that no longer serves has none. */
  countCall(model: string, manifest: string): number {
    const live = this.#serving.get(model);
    if (live?.release.manifest !== manifest) return 0;
    live.calls++;
    return live.calls;
  }
}

/** The release that a runner holds. */
export function runnerRelease({ model: { manifest, manifestSha256 } }: Runner): ReleaseRef {
  return { model: manifest.model, version: manifest.version, manifest: manifestSha256 };
}

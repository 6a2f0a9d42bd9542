import type { Clock, Instant } from '@bellwether/shared/clock';
import { ArmObserver } from './arm-observer.js';
import type { CanarySettings } from './canary-settings.js';
import { CanaryTrial, type TrialParts } from './canary-trial.js';
import type { Runner } from './engine.js';
import { KeyArms } from './key-arms.js';
import { type LaneCall, type LaneLimits, ModelLane } from './model-lane.js';
import type { InferenceObserver } from './observer.js';
import { RecentCalls } from './recent-calls.js';
import { evidenceOf, type FallbackReason, observedArm, type Served, servedBy } from './served.js';
import { ReleaseFailedError, ServingError } from './serving-error.js';
import { ShadowCalls } from './shadow-calls.js';

export interface ArmsParts {
  readonly clock: Clock;
  readonly observer: InferenceObserver;
  readonly limits: LaneLimits;
  readonly trials: TrialParts;
}

/** A call on its way: what was drawn for it, and when it was accepted. */
interface Drawn {
  readonly call: LaneCall;
  /** 0 when it is no evidence. */
  readonly segment: number;
  readonly key: string | undefined;
  readonly at: Instant;
}

/** An answer of a split is late when half of the call's time is over, in both arms: the other half is for stable to answer in the canary's place. */
const lateShare = 0.5;

/** The arms of one model: the stable lane, beside it a canary's lane while one is tried, and one queue limit over both. */
export class ModelArms {
  readonly stable: ModelLane;
  readonly #parts: ArmsParts;
  readonly #observed: ArmObserver;
  readonly #shadows: ShadowCalls;
  readonly #keys = new KeyArms();
  /** Stable's calls before a canary takes most of them. */
  readonly #before = new RecentCalls(1000);
  #trial: CanaryTrial | undefined;
  /** The canary's runner, on its way to become stable's. */
  #promoted: Runner | undefined;

  /** Begins with a stable runner that takes calls at once. */
  constructor(runner: Runner, parts: ArmsParts) {
    this.#parts = parts;
    this.#observed = new ArmObserver(parts.clock, parts.observer);
    this.#shadows = new ShadowCalls(parts.clock, this.#observed);
    this.stable = new ModelLane(runner, parts.clock, parts.limits);
  }

  get trial(): CanaryTrial | undefined {
    return this.#trial;
  }

  get #lateMs(): number {
    return this.#parts.limits.deadlineMs * lateShare;
  }

  /** Stable's calls go to this runner from now on; resolves when the one before it is gone. */
  swap(runner: Runner): Promise<void> {
    this.#cut();
    if (runner === this.#promoted) this.#keys.promoted();
    else this.#keys.lost('stable');
    this.#promoted = undefined;
    return this.stable.swap(runner);
  }

  /** A canary takes its part of the calls from now on, or another part. A runner that stable's lane holds already answers as the canary: there is no room for two. */
  setCanary(runner: Runner, settings: CanarySettings): void {
    const { clock, limits, trials } = this.#parts;
    if (this.#trial?.release === runner.model) {
      this.#trial.change(settings, clock.now());
      return;
    }
    this.#cut();
    const isOwn = runner !== this.stable.runner;
    const lane = isOwn ? new ModelLane(runner, clock, limits) : undefined;
    this.#trial = new CanaryTrial({ lane, release: runner.model, settings, before: this.#before }, trials);
  }

  /** Stable answers everything from now on, calls that wait for the canary included; resolves when the canary's runner is gone. */
  async dropCanary(): Promise<void> {
    const trial = this.#endTrial();
    this.#keys.lost('canary');
    await trial?.lane?.abandon();
  }

  /** The canary's runner, alive, to become stable's: no call is lost, and nothing is loaded again. */
  async releaseCanary(): Promise<Runner | undefined> {
    this.#promoted = await this.#endTrial()?.lane?.handOver();
    return this.#promoted;
  }

  /** The canary's runner is gone unasked: calls that waited for it go to stable. False when it is not the canary's any more. */
  canaryDied(runner: Runner): boolean {
    const trial = this.#trial;
    if (trial?.lane === undefined || trial.release !== runner.model || trial.lane.isClosed) return false;
    this.#observed.died(runner.model, 'canary', this.#segmentOfDeath(trial.lane, runner));
    trial.check();
    trial.lane.lose(runner);
    void this.dropCanary();
    return true;
  }

  /** Stable's runner is gone unasked. */
  stableDied(runner: Runner): void {
    const trial = this.#trial;
    const isCanary = trial?.lane === undefined && trial?.release.manifestSha256 === runner.model.manifestSha256;
    this.#observed.died(runner.model, isCanary ? 'canary' : 'stable', this.#segmentOfDeath(this.stable, runner));
    this.#cut();
    this.#keys.lost('stable');
    this.stable.lose(runner);
  }

  /** Answers one call; rejects with ServingError. Who answers is drawn once there is room, and before its input is looked at. */
  async infer(call: LaneCall): Promise<Served> {
    this.#requireRoom();
    if (call.version !== undefined) return this.#inferVersion(call);
    const at = this.#parts.clock.now();
    const trial = this.#trial;
    const route = trial?.draw(call, this.#keys, this.stable);
    const segment = trial !== undefined && route?.isEvidence ? trial.segment(this.stable, at) : 0;
    const drawn = { call, segment, key: call.stateKey, at };
    if (trial !== undefined && route?.arm === 'canary') return this.#inferCanary(trial, drawn);
    if (route === undefined) this.#keys.stays(this.stable.release.manifest, call.stateKey);
    return this.#inferStable(drawn, route?.shadow ? trial : undefined);
  }

  /** Calls go on without a shadow, and are no evidence; or with one again. */
  shedShadows(isShed: boolean): void {
    this.#shadows.isShed = isShed;
  }

  /** Answers what it has and stops its runners. */
  async close(): Promise<void> {
    await Promise.all([this.dropCanary(), this.stable.close()]);
  }

  async #inferStable(drawn: Drawn, shadowing: CanaryTrial | undefined): Promise<Served> {
    const { call, at } = drawn;
    const arm = { ...drawn, arm: 'stable' } as const;
    try {
      const answer = await this.stable.submit(call);
      // By the rule of the canary's answers, or a device that stalls for a while would be the canary's fault.
      const isLate = this.#parts.clock.now().monotonicMs - at.monotonicMs > this.#lateMs;
      const evidence = this.#observed.answered(answer, { ...arm, isLate, inputs: call.inputs }, at);
      const isBad = isLate || evidence.reading.invalid;
      this.#stableCalled(isBad);
      const { computeMicros } = answer;
      const bad = evidence.reading.invalid ? 'invalid' : null;
      const shadow = this.#shadow(shadowing, drawn, { bad, computeMicros });
      return servedBy(answer, { arm: 'stable', evidence: { ...evidence, ...(shadow && { shadow }) } });
    } catch (error) {
      if (!(error instanceof ReleaseFailedError)) throw error;
      this.#observed.failed(error, arm, error.code);
      this.#stableCalled(true);
      // What killed stable's runner may be poison: the shadow does not try it.
      if (error.code === 'engine') this.#shadow(shadowing, drawn, { bad: 'error', computeMicros: null });
      throw error;
    }
  }

  /** The canary's answer; where it has none that is worth sending, stable's in its place, and it is counted against the canary. */
  async #inferCanary(trial: CanaryTrial, drawn: Drawn): Promise<Served> {
    const outcome = await this.#askCanary(trial, drawn);
    if (typeof outcome === 'object') return outcome;
    return outcome === 'moved'
      ? this.#inferStable({ ...drawn, segment: 0 }, undefined)
      : this.#fallBack(drawn, outcome);
  }

  async #askCanary(trial: CanaryTrial, drawn: Drawn): Promise<Served | FallbackReason | 'moved'> {
    const arm = { ...drawn, arm: 'canary' } as const;
    try {
      const { lane } = trial;
      const answer = await (lane === undefined
        ? this.stable.submit(drawn.call, { isAccepted: true })
        : lane.submit(drawn.call, { isAccepted: true, deadlineMs: this.#lateMs }));
      const evidence = this.#observed.answered(answer, { ...arm, inputs: drawn.call.inputs }, drawn.at);
      const { invalid } = evidence.reading;
      trial.called(invalid);
      return invalid && trial.lane !== undefined ? 'invalid' : servedBy(answer, { arm: 'canary', evidence });
    } catch (error) {
      if (error instanceof ReleaseFailedError) {
        const code = error.failure === 'deadline' ? 'late' : error.failure;
        this.#observed.failed(error, arm, code);
        trial.called(true);
        // A call that its runner died of is never tried again: it may be poison.
        if (code === 'runner-died' || trial.lane === undefined) throw error;
        return code;
      }
      // The canary went while the call waited for it, and never saw it: it is stable's.
      if (error instanceof ServingError && error.code === 'draining' && trial.lane !== undefined) return 'moved';
      throw error;
    }
  }

  async #fallBack({ call, at }: Drawn, fallback: FallbackReason): Promise<Served> {
    const { clock, limits } = this.#parts;
    const deadlineMs = Math.max(1, limits.deadlineMs - (clock.now().monotonicMs - at.monotonicMs));
    const answer = await this.stable.submit(call, { deadlineMs, isAccepted: true });
    const evidence = evidenceOf(answer, observedArm(answer.release, { arm: 'stable', segment: 0 }));
    return servedBy(answer, { arm: 'stable', fallback, evidence });
  }

  async #inferVersion(call: LaneCall): Promise<Served> {
    const canary = this.#trial?.lane;
    const isCanary = canary !== undefined && canary.release.manifest.version === call.version;
    const lane = isCanary ? canary : this.stable;
    const { model } = lane.release.manifest;
    try {
      const answer = await lane.submit(call);
      this.#observed.explicit(model);
      return servedBy(answer, { arm: isCanary ? 'canary' : 'stable', evidence: undefined });
    } catch (error) {
      if (error instanceof ReleaseFailedError) this.#observed.explicit(model);
      throw error;
    }
  }

  #shadow(
    trial: CanaryTrial | undefined,
    { call, segment }: Drawn,
    stable: { readonly bad: 'error' | 'invalid' | null; readonly computeMicros: number | null },
  ) {
    if (trial?.lane === undefined) return undefined;
    return this.#shadows.begin(trial, { call, lane: trial.lane, segment, stable });
  }

  #stableCalled(isBad: boolean): void {
    if (this.#trial?.takesMost !== true) this.#before.add(isBad);
  }

  #endTrial(): CanaryTrial | undefined {
    const trial = this.#trial;
    this.#trial = undefined;
    this.#cut();
    return trial;
  }

  /** Both arms' counters begin anew with the next draw. */
  #cut(): void {
    this.#parts.trials.evidence.end(this.stable.release.manifest.model, this.#parts.clock.now());
  }

  #segmentOfDeath(lane: ModelLane, runner: Runner): number {
    return lane.diedOfAskedCall(runner) ? 0 : this.#parts.trials.evidence.last(this.stable.release.manifest.model);
  }

  #requireRoom(): void {
    const waiting = this.stable.waiting + (this.#trial?.lane?.waiting ?? 0);
    if (waiting < this.#parts.limits.queueLength) return;
    const { model } = this.stable.release.manifest;
    throw new ServingError('queue-full', `${waiting} calls of ${model} are waiting already`);
  }
}

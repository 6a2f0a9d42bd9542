import type { Instant } from '@bellwether/shared/clock';
import { ArmDraw } from '@bellwether/shared/evidence/assignment';
import { hasState } from '@bellwether/shared/models/state-tensors';
import type { VerifiedModel } from '../installs/verified-model.js';
import type { Evidence } from '../telemetry/evidence.js';
import { tripReason } from './breaker.js';
import type { CanarySettings } from './canary-settings.js';
import type { KeyArms } from './key-arms.js';
import type { LaneCall, ModelLane } from './model-lane.js';
import { RecentCalls } from './recent-calls.js';
import { type Route, routeOf } from './routing.js';

/** What trials of every model need of the agent. */
export interface TrialParts {
  readonly device: string;
  /** Of this start of the agent, hex. */
  readonly runId: string;
  readonly evidence: Evidence;
  /** The device's own breaker switches the canary off; told once of each trial. */
  readonly onTripped: (release: VerifiedModel, reason: string) => void;
  /** The device's own E is above 10: its window should go out at once [W-3]. */
  readonly onSuspicion: () => void;
}

export interface TrialCase {
  /** The canary's own; undefined in `full` where only one release has room, and then stable's lane holds it. */
  readonly lane: ModelLane | undefined;
  readonly release: VerifiedModel;
  readonly settings: CanarySettings;
  /** Stable's last calls, before the canary takes them. */
  readonly before: RecentCalls;
}

const suspiciousLogE = Math.log(10);

/** One canary beside one stable release: who answers which call, in which segment, and whether it may go on. */
export class CanaryTrial {
  readonly lane: ModelLane | undefined;
  readonly release: VerifiedModel;
  readonly #parts: TrialParts;
  readonly #before: RecentCalls;
  readonly #recent = new RecentCalls(50);
  #settings: CanarySettings;
  #draw: ArmDraw;
  #requests = 0;
  #isTripped = false;

  constructor({ lane, release, settings, before }: TrialCase, parts: TrialParts) {
    this.lane = lane;
    this.release = release;
    this.#parts = parts;
    this.#before = before;
    this.#settings = settings;
    this.#draw = new ArmDraw({ ...parts, salt: settings.salt });
  }

  /** Most or all calls are the canary's: what stable does now is no comparison for what it did. */
  get takesMost(): boolean {
    const { mode, share } = this.#settings;
    return mode === 'full' || (mode === 'split' && share > 5000);
  }

  /** The order says something else about the same runner: the segment ends. */
  change(settings: CanarySettings, now: Instant): void {
    if (settings.salt !== this.#settings.salt) this.#draw = new ArmDraw({ ...this.#parts, salt: settings.salt });
    this.#settings = settings;
    this.#parts.evidence.end(this.release.manifest.model, now);
  }

  /** Draws a call's way, before anybody looks at its input; undefined while a runner is missing, and then stable answers. */
  draw(call: LaneCall, keys: KeyArms, stable: ModelLane): Route | undefined {
    if (!this.#isReady(stable)) return undefined;
    const { mode, share, salt } = this.#settings;
    const { stateKey: key, reset = false } = call;
    const isStateful = hasState(this.release.manifest.inputs);
    const keyArm = isStateful && key !== undefined ? keys.find(key) : undefined;
    const number = this.#requests++;
    const draw = `${salt} ${share}`;
    const route = routeOf({
      mode,
      isDrawn: () => this.#draw.isCanary(share, key === undefined ? { number } : { assignmentKey: key }),
      draw,
      hasState: isStateful,
      key,
      isReset: reset,
      keyArm,
    });
    if (isStateful && key !== undefined) {
      keys.used(key, { arm: route.arm, draw: route.isEvidence ? draw : (keyArm?.draw ?? '') });
    }
    return route;
  }

  /** The segment of a draw; the first one after a cut begins it. */
  segment(stable: ModelLane, now: Instant): number {
    const { evidence } = this.#parts;
    const { model, budgets } = this.release.manifest;
    const current = evidence.current(model, now.wallMs);
    if (current !== 0) return current;
    const { rollout, step, mode, share } = this.#settings;
    return evidence.begin(
      {
        rollout,
        step,
        mode,
        share,
        model,
        stable: stable.release.manifestSha256,
        canary: this.release.manifestSha256,
        budgetMicros: budgets.p99Ms * 1000,
      },
      now,
    );
  }

  /** One more call of the canary, or one that it runs in the shadow; counted as evidence before. */
  called(isBad: boolean): void {
    this.#recent.add(isBad);
    if (isBad) this.check();
  }

  /** After something bad: does the breaker trip? */
  check(): void {
    if (this.#isTripped) return;
    const { mode, share, rollout } = this.#settings;
    const logE = this.#parts.evidence.suspicion(rollout);
    const reason = tripReason({ mode, share, logE, recent: this.#recent, before: this.#before });
    this.#isTripped = reason !== undefined;
    if (logE > suspiciousLogE || reason !== undefined) this.#parts.onSuspicion();
    if (reason !== undefined) this.#parts.onTripped(this.release, reason);
  }

  /** In `full` nothing is left to compare with, so stable's runner need not be there. */
  #isReady(stable: ModelLane): boolean {
    if (this.lane === undefined) return stable.release.manifestSha256 === this.release.manifestSha256;
    return this.lane.runner !== undefined && (this.#settings.mode === 'full' || stable.runner !== undefined);
  }
}

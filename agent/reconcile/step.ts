import type { CanarySettings } from '../inference/canary-settings.js';
import type { ReleaseRef } from '../installs/install-record.js';

/**
 * What reconcile can do, one row a step: union, plan and executors derive from this table. A step names everything that
 * makes it that step; its reason is for people and does not.
 */
export interface StepTypes {
  /** From listing to a standby runner: fetches, verifies, probes. `order` is the digest of the order's entry that wants it. */
  readonly install: {
    readonly release: ReleaseRef;
    readonly order: string;
    /** It is to run beside what serves for good, not only for the moment of a swap: it needs more memory. */
    readonly isBeside?: true;
  };
  /** The standby runner takes the requests; probation begins. */
  readonly swap: { readonly release: ReleaseRef };
  /** A release that is installed here serves (again): at boot, after a runner's death, on a rollback or a revert. */
  readonly restore: { readonly release: ReleaseRef; readonly order: string };
  /** A standby runner, for a canary that is installed here already. */
  readonly warm: { readonly release: ReleaseRef; readonly order: string };
  /** A canary gets its part of the calls, or another part. */
  readonly try: { readonly release: ReleaseRef; readonly settings: CanarySettings; readonly order: string };
  /** A canary has had calls for a minute: what goes down from now on, it did not take along. */
  readonly steady: { readonly release: ReleaseRef };
  /** A canary gets no calls any more; stable, which is warm, has them all. `code`: why, where the order still names it. */
  readonly drop: { readonly release: ReleaseRef; readonly code?: string };
  /** The canary's runner becomes stable's, as it is. */
  readonly promote: { readonly release: ReleaseRef };
  /** What a release has behind it in probation goes to disk. */
  readonly 'keep-probation': { readonly release: ReleaseRef };
  /** Probation is over. */
  readonly settle: { readonly release: ReleaseRef };
  /** The order no longer names what was refused here: ordered again, it may be tried again [T-6]. */
  readonly lift: { readonly release: ReleaseRef };
  /** A standby runner that nobody wants any more. */
  readonly discard: { readonly release: ReleaseRef };
  /** The model stops after its drain. */
  readonly withdraw: { readonly model: string };
}

export type StepType = keyof StepTypes;

/** One planned step. Steps of one lane run one after the other; different lanes do not wait for each other. */
export type StepOf<T extends StepType> = {
  readonly [K in T]: StepTypes[K] & { readonly type: K; readonly lane: string; readonly reason: string };
}[T];
export type Step = StepOf<StepType>;

/** What the next pass looks for: the steps, and when to look again though nothing happened (monotonic milliseconds from now). */
export interface Plan {
  readonly steps: readonly Step[];
  readonly lookAgainMs: number | null;
}

/** The same text for the same step, whatever its reason. */
export function stepKey({ reason: _reason, ...identity }: Step): string {
  return JSON.stringify(identity);
}

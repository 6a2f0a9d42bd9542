import type { CanarySettings } from '../inference/canary-settings.js';
import type { InstallRecord, ReleaseRef } from '../installs/install-record.js';
import type { ProbationLimits } from '../installs/probation.js';

/** How the verified metadata lists a release now. `withdrawn`: a signed tombstone; `unlisted` is never a withdrawal [T-9]. */
export type ListingState = 'listed' | 'unlisted' | 'withdrawn';

/** An install as the plan sees it. */
export interface ObservedInstall {
  readonly record: InstallRecord;
  readonly listing: ListingState;
  /** Milliseconds until it may be tried again; 0: now. */
  readonly waitMs: number;
  /** The code that it waits for; null when it may be tried now for all that is known. */
  readonly waitCode: string | null;
  /** Why, in words, where no record says it. */
  readonly waitWhy?: string | null;
}

/** What answers requests now; time and calls are those of its probation, over restarts. */
export interface ObservedServing {
  readonly release: ReleaseRef;
  readonly servedMs: number;
  readonly calls: number;
}

/** The canary that the order names beside a stable release. */
export interface ObservedCanary {
  readonly release: ReleaseRef;
  readonly settings: CanarySettings;
  /** Digest of its rollout and release: while it stands, a permanent refusal or a trip does. */
  readonly entry: string;
  /** The same where there is no room for two, and the canary takes stable's place in a `full` step. */
  readonly aloneEntry: string;
  /** Its runner is here, and keeps state between calls. */
  readonly keepsState: boolean;
  /** Milliseconds that its lease has left [T-5]; 0: over. */
  readonly leaseLeftMs: number;
}

/** A canary that gets its part of the calls. */
export interface ObservedTrial {
  readonly release: ReleaseRef;
  readonly settings: CanarySettings;
  /** For how long it has had calls. */
  readonly triedMs: number;
  /** The segment of its last draw; 0 before the first. */
  readonly segment: number;
}

/** One model: what the order wants and what is there. */
export interface ObservedModel {
  readonly model: string;
  readonly ordered: ReleaseRef | null;
  /** Digest of the order's own entry for this model: while it stands, a permanent refusal does [T-6]. */
  readonly entry: string;
  readonly installs: readonly ObservedInstall[];
  /** Null when no runner of the model lives. */
  readonly serving: ObservedServing | null;
  /** Requests for it are taken, though its runner may be dead. */
  readonly isOpen: boolean;
  /** The release whose probed runner waits to be swapped in. */
  readonly standby: ReleaseRef | null;
  /** Null when the order names none, or the release that is stable anyway. */
  readonly canary: ObservedCanary | null;
  readonly trial: ObservedTrial | null;
}

/** Everything that the plan depends on. */
export interface Observed {
  /** Digest of the accepted order; null before the first. */
  readonly order: string | null;
  readonly models: readonly ObservedModel[];
  readonly probation: ProbationLimits;
  /** What a withdrawn release does when nothing can take its place [T-9]. */
  readonly onNoAllowedRelease: 'keep' | 'stop';
}

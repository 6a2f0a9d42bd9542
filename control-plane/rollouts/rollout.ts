import type { Labels } from '@bellwether/shared/contract/http-api';
import { formatReleaseId } from '@bellwether/shared/ids';
import type { RolloutPhase, RolloutTarget } from '../http/rollout-api.js';
import type { Course, Members } from './course.js';

/** Why a rollout is where it is: a word for programs and a sentence. */
export interface RolloutReason {
  readonly code: string;
  readonly text: string;
}

/** One release on its way to its devices. A higher number is newer. */
export interface Rollout {
  readonly number: number;
  readonly model: string;
  readonly version: string;
  /** SHA-256 of the release's manifest: what the operator meant, whatever the catalogue says later. */
  readonly manifest: string;
  readonly target: RolloutTarget;
  readonly phase: RolloutPhase;
  readonly createdAtMs: number;
  /** Null while all is well. */
  readonly reason: RolloutReason | null;
  /** The rollout that took its place, and the phase that it had: it comes back when that one is rolled back. */
  readonly superseded: { readonly by: number; readonly from: RolloutPhase } | null;
  /** Its steps; null: every device at once, on its own word (`direct`). */
  readonly course: Course | null;
  /** Of a direct rollout: the devices that were asked again. */
  readonly members: Members;
}

/** A rollout in steps. */
export type StagedRollout = Rollout & { readonly course: Course };

/** `r12`: how people name a rollout. */
export function rolloutId(rollout: Pick<Rollout, 'number'>): string {
  return `r${rollout.number}`;
}

/** `digits@1.1.0` */
export function releaseIn(rollout: Rollout): string {
  return formatReleaseId(rollout);
}

/** True when the rollout is for a device with these labels. */
export function isFor(target: RolloutTarget, labels: Labels): boolean {
  return 'all' in target || Object.entries(target.labels).every(([key, value]) => labels[key] === value);
}

/** True when `newer` is for every device that `older` is for, whoever joins. */
export function covers(newer: RolloutTarget, older: RolloutTarget): boolean {
  return 'all' in newer || ('labels' in older && isFor(newer, older.labels));
}

/** True for one in steps. */
export function isStaged(rollout: Rollout): rollout is StagedRollout {
  return rollout.course !== null;
}

const over: ReadonlySet<RolloutPhase> = new Set(['rolled-back', 'aborted', 'done', 'superseded']);

/** True when nothing more happens by itself. */
export function hasEnded({ phase }: Pick<Rollout, 'phase'>): boolean {
  return over.has(phase);
}

/** True when there is something to store: a look often changes nothing. */
export function isOther(next: Rollout, before: Rollout): boolean {
  if (next.phase !== before.phase || next.members !== before.members) return true;
  const rest = ({ reason, superseded, course }: Rollout) => JSON.stringify([reason, superseded, course]);
  return rest(next) !== rest(before);
}

/** True when it gives no device anything any more. */
export function isGone({ phase, course }: Pick<Rollout, 'phase' | 'course'>): boolean {
  if (phase === 'aborted') return course?.isKept !== true;
  return phase === 'superseded' || phase === 'rolling-back' || phase === 'rolled-back';
}

import type { Labels } from '@bellwether/shared/contract/http-api';
import { formatReleaseId } from '@bellwether/shared/ids';
import type { RolloutPhase, RolloutTarget } from '../http/rollout-api.js';

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
}

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

import type { RolloutPolicy } from './policy.js';

/** Devices by how they stand with the release. `failed`: without those that a person has acknowledged. */
export interface Tally {
  readonly failed: number;
  /** The release is up on them. */
  readonly ready: number;
  /** Ordered, and neither up nor failed. */
  readonly open: number;
  /** Every device that the rollout is for. */
  readonly all: number;
}

/** Of so many devices one may be broken, or lie: a percentage is no reason to believe it alone. */
const fewestToOutvote = 3;

/**
 * Why the failures are too many; undefined while they are not. Percent of the completed count once so many have answered
 * that a single failure would not be over the limit, or all that were asked: the first device to answer decides nothing alone.
 * Nor does a single one of three or more by any percentage; `devices: 0` says that it shall.
 */
export function budgetExceeded(budget: RolloutPolicy['failureBudget'], tally: Tally): string | undefined {
  const { failed, ready, open, all } = tally;
  if (budget === undefined || failed === 0) return undefined;
  const { devices, percentOfCompleted, percentOfAll } = budget;
  if (devices !== undefined && failed > devices) return `${failed} devices failed, ${devices} may`;
  if (percentOfAll !== undefined && failed > permitted(percentOfAll, all)) {
    return `${failed} of all ${all} devices failed, ${percentOfAll} % may`;
  }
  const completed = failed + ready;
  const isEnough = open === 0 || (percentOfCompleted !== undefined && completed * percentOfCompleted >= 100);
  if (percentOfCompleted !== undefined && isEnough && failed > permitted(percentOfCompleted, completed)) {
    return `${failed} of ${completed} devices that have answered failed, ${percentOfCompleted} % may`;
  }
  return undefined;
}

function permitted(percent: number, devices: number): number {
  return Math.max(devices >= fewestToOutvote ? 1 : 0, (percent / 100) * devices);
}

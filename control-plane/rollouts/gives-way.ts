import { covers, hasEnded, isStaged, type Rollout, type StagedRollout } from './rollout.js';

const gone: ReadonlySet<Rollout['phase']> = new Set(['rolling-back', 'rolled-back', 'superseded']);

/**
 * True when an older rollout of the same model ends because of a newer one. A direct rollout takes the place of all that it
 * covers; one in steps at once only that of others on their way, and of all when it is done: until then devices fall back to them.
 */
export function givesWay(older: Rollout, newer: Rollout): boolean {
  if (gone.has(older.phase) || !covers(newer.target, older.target)) return false;
  return !isStaged(newer) || newer.phase === 'done' || (isStaged(older) && !hasEnded(older));
}

/** True when its release is every device's: nobody falls back any more to what was before it. */
export function leavesNobody({ course, members }: StagedRollout): boolean {
  return course.leftStrata.length === 0 && [...members.values()].every(({ off }) => off === null);
}

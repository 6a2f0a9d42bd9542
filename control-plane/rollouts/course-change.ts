import type { RolloutPhase } from '../http/rollout-api.js';
import type { Course, Member } from './course.js';
import type { RolloutReason, StagedRollout } from './rollout.js';

/** The rollout with another state of its steps. */
export function withCourse(rollout: StagedRollout, change: Partial<Course>): StagedRollout {
  return { ...rollout, course: { ...rollout.course, ...change } };
}

/** The rollout in another phase, and why; null: for no reason that a person must know. */
export function inPhase(rollout: StagedRollout, phase: RolloutPhase, reason: RolloutReason | null): StagedRollout {
  return { ...rollout, phase, reason };
}

/** The rollout with these members as they are now. */
export function withMembers(rollout: StagedRollout, changed: readonly Member[]): StagedRollout {
  if (changed.length === 0) return rollout;
  const members = new Map(rollout.members);
  for (const member of changed) members.set(member.device, member);
  return { ...rollout, members };
}

/** Taken back: until every device says that the release is gone. */
export function rollingBack(rollout: StagedRollout, code: string, text: string): StagedRollout {
  return inPhase(rollout, 'rolling-back', { code, text });
}

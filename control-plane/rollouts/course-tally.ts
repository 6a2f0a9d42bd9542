import type { Member } from './course.js';
import { type CourseDevice, type MemberStanding, standingOf } from './course-device.js';
import { budgetExceeded } from './failure-budget.js';
import type { StagedRollout } from './rollout.js';

/** A member that is there, and how it stands. One that left the fleet, or takes no part any more, is none of them. */
export interface PresentMember {
  readonly member: Member;
  readonly device: CourseDevice;
  readonly stands: MemberStanding;
}

/** The members that count, in the order in which they came in. */
export function presentMembers(rollout: StagedRollout, devices: ReadonlyMap<string, CourseDevice>): PresentMember[] {
  return [...rollout.members.values()].flatMap((member) => {
    const device = devices.get(member.device);
    if (device === undefined || device.apart !== null) return [];
    if (rollout.course.leftStrata.includes(member.stratum)) return [];
    return [{ member, device, stands: standingOf(rollout, member, device) }];
  });
}

/** A member that had not come to its step by the time limit: its canary is off, and it counts as a failure. */
export const lateCode = 'late';

/** True for a failure that no person has seen yet. */
export function isNewFailure({ member, stands }: PresentMember): boolean {
  return hasFailed(stands) && member.acknowledged !== stands.code;
}

/** True where a person may ask the device to try again. */
export function hasFailed({ standing, code }: MemberStanding): boolean {
  return standing === 'failed' || (standing === 'off' && code === lateCode);
}

/** Why the failures are more than the policy lets be; undefined while they are not. */
export function tooManyFailures(
  rollout: StagedRollout,
  present: readonly PresentMember[],
  devices: number,
): string | undefined {
  const { failureBudget, silent } = rollout.course.policy;
  const silentFails = silent?.counts === 'fail';
  // Whoever can enrol devices could else make a rollout fail by new ones.
  const counted = present.filter(({ device }) => device.enrolledAtMs <= rollout.createdAtMs);
  const isFailure = (each: PresentMember) =>
    isNewFailure(each) || (silentFails && each.stands.standing === 'silent' && each.member.acknowledged !== 'silent');
  const failed = counted.filter(isFailure);
  const why = budgetExceeded(failureBudget, {
    failed: failed.length,
    ready: counted.filter(({ stands }) => stands.standing === 'ready').length,
    open: counted.filter(({ stands }) => stands.standing === 'open').length,
    all: devices,
  });
  return why === undefined ? undefined : `${why}: ${failedText(failed)}`;
}

/** Failures that a sentence names. */
const named = 3;

function failedText(failed: readonly PresentMember[]): string {
  const first = failed
    .slice(0, named)
    .map(({ member, stands }) => `${member.device} ${stands.code ?? stands.standing}`);
  const more = failed.length - first.length;
  return `${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** True when every member of the step has answered, or is not waited for, and at least one has the release up. */
export function haveAllAnswered(rollout: StagedRollout, present: readonly PresentMember[]): boolean {
  const waitsForSilent = rollout.course.policy.silent?.counts === 'wait';
  const isOpen = ({ stands: { standing } }: PresentMember) =>
    standing === 'open' || standing === 'ahead' || (waitsForSilent && standing === 'silent');
  return !present.some(isOpen) && present.some(({ stands }) => stands.standing === 'ready');
}

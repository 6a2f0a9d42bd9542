import type { Member } from './course.js';
import { type CourseEvidence, countedMembers, orderedSums } from './course-counted.js';
import { type EvidenceSum, segmentOf } from './evidence-sum.js';
import { presenceOf } from './idle-members.js';
import type { StagedRollout } from './rollout.js';
import { runningStep } from './rollout-part.js';
import { outputCounts } from './step-outputs.js';
import { limitsOf } from './verdict/evidence-policy.js';
import type { DeviceEvidence } from './verdict/fleet-evidence.js';
import type { VerdictInput } from './verdict/judge.js';

/**
 * The input of the verdict: only devices that were in the fleet before the rollout and are in its cohorts count, only while
 * they ran both releases that were ordered, at the share that was ordered. Undefined while there is nothing to judge.
 */
export function verdictInput(rollout: StagedRollout, evidence: CourseEvidence): VerdictInput | undefined {
  const { course } = rollout;
  const { policy, strata } = course;
  const running = runningStep(rollout);
  if (running === undefined) return undefined;
  const counted = countedMembers(rollout, evidence);
  const sumsOf = (member: Member) => orderedSums(rollout, member, evidence);
  const presence = presenceOf(rollout, evidence);
  const ofCourse = counted.map((member) => {
    const sums = sumsOf(member);
    const ofStep = sums.filter((sum) => sum.step === running.index);
    return { member, sums, ofStep, isIdle: presence.isIdle(member, ofStep) };
  });
  const devices = ofCourse.map(({ member, sums, isIdle }) => evidenceOf(member, sums, isIdle));
  const ofStep = ofCourse.flatMap(({ member, ofStep, isIdle }) => {
    if (course.leftStrata.includes(member.stratum)) return [];
    return ofStep.length > 0 || presence.isAwaited(member) ? [evidenceOf(member, ofStep, isIdle)] : [];
  });
  return {
    limits: limitsOf(policy.evidence ?? {}),
    devices,
    step: ofStep,
    strata,
    outputs: outputCounts(rollout, evidence),
    unmeasured: counted.flatMap((member) => {
      const said = [...(evidence.sums.get(member.device)?.values() ?? [])].some(({ step }) => step === running.index);
      return said && !sumsOf(member).some((sum) => sum.step === running.index) ? [member.device] : [];
    }),
    minCalls: running.step.minCalls ?? 0,
  };
}

function evidenceOf({ device, stratum }: Member, sums: readonly EvidenceSum[], isIdle: boolean): DeviceEvidence {
  return { device, stratum, segments: sums.flatMap((sum) => segmentOf(sum) ?? []), ...(isIdle && { isIdle }) };
}

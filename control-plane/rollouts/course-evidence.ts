import type { Member } from './course.js';
import { type CourseEvidence, countedMembers, orderedSums } from './course-counted.js';
import type { CourseDevice } from './course-device.js';
import { presentMembers } from './course-tally.js';
import { type EvidenceSum, segmentOf } from './evidence-sum.js';
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
  const devices = counted.map((member) => evidenceOf(member, sumsOf(member)));
  const awaited = awaitedDevices(rollout, evidence.devices);
  const ofStep = counted.flatMap((member) => {
    if (course.leftStrata.includes(member.stratum)) return [];
    const sums = sumsOf(member).filter((sum) => sum.step === running.index);
    return sums.length > 0 || awaited.has(member.device) ? [evidenceOf(member, sums)] : [];
  });
  return {
    limits: limitsOf(policy.evidence ?? {}),
    devices,
    step: ofStep,
    strata,
    drift: {},
    outputs: outputCounts(rollout, evidence),
    unmeasured: counted.flatMap((member) => {
      const said = [...(evidence.sums.get(member.device)?.values() ?? [])].some(({ step }) => step === running.index);
      return said && !sumsOf(member).some((sum) => sum.step === running.index) ? [member.device] : [];
    }),
    minCalls: running.step.minCalls ?? 0,
  };
}

/** Devices whose evidence the step waits for: their strata cannot pass unheard. */
function awaitedDevices(rollout: StagedRollout, devices: readonly CourseDevice[]): ReadonlySet<string> {
  const present = presentMembers(rollout, new Map(devices.map((each) => [each.device, each])));
  return new Set(
    present.flatMap(({ member, stands: { standing } }) =>
      standing === 'open' || standing === 'ready' || standing === 'ahead' ? [member.device] : [],
    ),
  );
}

function evidenceOf({ device, stratum }: Member, sums: readonly EvidenceSum[]): DeviceEvidence {
  return { device, stratum, segments: sums.flatMap((sum) => segmentOf(sum) ?? []) };
}

import type { Member } from './course.js';
import type { CourseDevice } from './course-device.js';
import { presentMembers } from './course-tally.js';
import type { DeviceSums } from './evidence-ledger.js';
import { type EvidenceSum, segmentOf } from './evidence-sum.js';
import type { StagedRollout } from './rollout.js';
import { limitsOf } from './verdict/evidence-policy.js';
import type { DeviceEvidence } from './verdict/fleet-evidence.js';
import type { VerdictInput } from './verdict/judge.js';

/** What of the counters may decide. */
export interface CourseEvidence {
  readonly sums: ReadonlyMap<string, DeviceSums>;
  readonly devices: readonly CourseDevice[];
  readonly isQuarantined: (device: string) => boolean;
}

/**
 * The input of the verdict: only devices that were in the fleet before the rollout and are in its cohorts count, only while
 * they ran both releases that were ordered, at the share that was ordered. Undefined while there is nothing to judge.
 */
export function verdictInput(rollout: StagedRollout, evidence: CourseEvidence): VerdictInput | undefined {
  const { course, members } = rollout;
  const { policy, strata, step } = course;
  const current = policy.steps[step];
  if (current === undefined || course.stepStartedAtMs === null) return undefined;
  const enrolledAtMs = new Map(evidence.devices.map((each) => [each.device, each.enrolledAtMs]));
  const counted = [...members.values()].filter(({ device, off }) => {
    if (off !== null || evidence.isQuarantined(device)) return false;
    // One that has left the fleet was counted rightly while it was there.
    return (enrolledAtMs.get(device) ?? 0) <= rollout.createdAtMs;
  });
  const sumsOf = (member: Member) =>
    [...(evidence.sums.get(member.device)?.values() ?? [])].filter((sum) => isOrdered(rollout, member, sum));
  const devices = counted.map((member) => evidenceOf(member, sumsOf(member)));
  const awaited = awaitedDevices(rollout, evidence.devices);
  const ofStep = counted.flatMap((member) => {
    if (course.leftStrata.includes(member.stratum)) return [];
    const sums = sumsOf(member).filter((sum) => sum.step === step);
    return sums.length > 0 || awaited.has(member.device) ? [evidenceOf(member, sums)] : [];
  });
  return {
    limits: limitsOf(policy.evidence ?? {}),
    devices,
    step: ofStep,
    strata,
    drift: {},
    outputs: { classes: [], confidence: [] },
    unmeasured: [],
    minCalls: current.minCalls ?? 0,
  };
}

/** A step's own mode and share, the rollout's release and the member's own stable one: all else is no evidence of it. */
function isOrdered(rollout: StagedRollout, member: Member, sum: EvidenceSum): boolean {
  const step = rollout.course.policy.steps[sum.step];
  return (
    sum.canary === rollout.manifest &&
    sum.stable === member.base &&
    step?.mode === sum.mode &&
    Math.round(step.share * 100) === sum.share
  );
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

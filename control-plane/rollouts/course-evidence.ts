import { segmentMs } from '@bellwether/shared/evidence/counters';
import type { Member } from './course.js';
import { type CourseEvidence, countedMembers, orderedSums } from './course-counted.js';
import type { CourseDevice, Standing } from './course-device.js';
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
  const standings = standingsOf(rollout, evidence.devices);
  const isIdle = ({ device }: Member, ofStep: readonly EvidenceSum[]) =>
    !isOnItsWay(standings.get(device)) && isWithoutCalls(rollout, ofStep, evidence.nowMs);
  const ofCourse = counted.map((member) => {
    const sums = sumsOf(member);
    const ofStep = sums.filter((sum) => sum.step === running.index);
    return { member, sums, ofStep, isIdle: isIdle(member, ofStep) };
  });
  const devices = ofCourse.map(({ member, sums, isIdle }) => evidenceOf(member, sums, isIdle));
  const ofStep = ofCourse.flatMap(({ member, ofStep, isIdle }) => {
    if (course.leftStrata.includes(member.stratum)) return [];
    const isAwaited = isOnItsWay(standings.get(member.device)) || standings.get(member.device) === 'ready';
    return ofStep.length > 0 || isAwaited ? [evidenceOf(member, ofStep, isIdle)] : [];
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

/** How the members that are there stand. */
function standingsOf(rollout: StagedRollout, devices: readonly CourseDevice[]): ReadonlyMap<string, Standing> {
  const present = presentMembers(rollout, new Map(devices.map((each) => [each.device, each])));
  return new Map(present.map(({ member, stands: { standing } }) => [member.device, standing]));
}

/** It will have a say: its stratum cannot pass unheard. */
function isOnItsWay(standing: Standing | undefined): boolean {
  return standing === 'open' || standing === 'ahead';
}

/** True when a whole epoch has gone by without a call, of this step [docs/decisions/0014]. */
function isWithoutCalls(
  { course, createdAtMs }: StagedRollout,
  ofStep: readonly EvidenceSum[],
  nowMs: number,
): boolean {
  const epochOf = (atMs: number) => Math.floor((atMs - createdAtMs) / segmentMs);
  const withCalls = ofStep.filter(({ calls }) => calls.stable + calls.canary > 0);
  const last = Math.max(epochOf(course.stepStartedAtMs ?? nowMs), ...withCalls.map(({ epoch }) => epoch));
  return epochOf(nowMs) - last > 1;
}

function evidenceOf({ device, stratum }: Member, sums: readonly EvidenceSum[], isIdle: boolean): DeviceEvidence {
  return { device, stratum, segments: sums.flatMap((sum) => segmentOf(sum) ?? []), ...(isIdle && { isIdle }) };
}

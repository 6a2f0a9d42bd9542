import { segmentMs } from '@bellwether/shared/evidence/counters';
import type { Member } from './course.js';
import type { CourseEvidence } from './course-counted.js';
import type { Standing } from './course-device.js';
import { presentMembers } from './course-tally.js';
import type { EvidenceSum } from './evidence-sum.js';
import type { StagedRollout } from './rollout.js';

/** Which members of a step are waited for. */
export interface StepPresence {
  /** It is on its way, or ready: its stratum cannot pass unheard. */
  readonly isAwaited: (member: Member) => boolean;
  /** It is not on its way, and a whole epoch has gone by without a call [docs/decisions/0014]. `ofStep`: what it has counted in this step. */
  readonly isIdle: (member: Member, ofStep: readonly EvidenceSum[]) => boolean;
}

/** How the members stand at this look. */
export function presenceOf(rollout: StagedRollout, { devices, nowMs }: CourseEvidence): StepPresence {
  const present = presentMembers(rollout, new Map(devices.map((each) => [each.device, each])));
  const standings = new Map(present.map(({ member, stands: { standing } }) => [member.device, standing]));
  return {
    isAwaited: ({ device }) => isOnItsWay(standings.get(device)) || standings.get(device) === 'ready',
    isIdle: ({ device }, ofStep) => !isOnItsWay(standings.get(device)) && isWithoutCalls(rollout, ofStep, nowMs),
  };
}

function isOnItsWay(standing: Standing | undefined): boolean {
  return standing === 'open' || standing === 'ahead';
}

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

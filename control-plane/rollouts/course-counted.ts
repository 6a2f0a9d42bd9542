import type { Member } from './course.js';
import type { CourseDevice } from './course-device.js';
import type { DeviceSums } from './evidence-ledger.js';
import { type EvidenceSum, isOrdered } from './evidence-sum.js';
import type { StagedRollout } from './rollout.js';

/** What of the counters may decide. */
export interface CourseEvidence {
  readonly sums: ReadonlyMap<string, DeviceSums>;
  readonly devices: readonly CourseDevice[];
  readonly isQuarantined: (device: string) => boolean;
  /** Wall time of the look. */
  readonly nowMs: number;
  /** What its author says of the release; undefined: the catalogue does not know it any more. */
  readonly manifest: { readonly outputNeutral?: boolean; readonly budgets: { readonly p99Ms: number } } | undefined;
}

/** The members whose counters may decide: in the fleet before the rollout, in its cohorts, and not switched off or quarantined. */
export function countedMembers(rollout: StagedRollout, evidence: CourseEvidence): Member[] {
  const enrolledAtMs = new Map(evidence.devices.map((each) => [each.device, each.enrolledAtMs]));
  return [...rollout.members.values()].filter(({ device, off }) => {
    if (off !== null || evidence.isQuarantined(device)) return false;
    // One that has left the fleet was counted rightly while it was there.
    return (enrolledAtMs.get(device) ?? 0) <= rollout.createdAtMs;
  });
}

/** What a member has counted at the ordered step and share, on both ordered releases. */
export function orderedSums(rollout: StagedRollout, member: Member, { sums }: CourseEvidence): EvidenceSum[] {
  const { manifest, course } = rollout;
  const ordered = { manifest, steps: course.policy.steps, base: member.base };
  return [...(sums.get(member.device)?.values() ?? [])].filter((sum) => isOrdered(ordered, sum));
}

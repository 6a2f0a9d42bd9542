import type { Member } from './course.js';
import { type CourseEvidence, countedMembers } from './course-counted.js';
import type { EvidenceSum } from './evidence-sum.js';
import { presenceOf } from './idle-members.js';
import type { StagedRollout } from './rollout.js';
import { runningStep } from './rollout-part.js';
import { countAbove } from './step-outputs.js';
import { limitsOf } from './verdict/evidence-policy.js';
import type { UnpairedInput } from './verdict/unpaired.js';

/**
 * The input of the verdict of a step in `full`: the canary's calls alone, beside what stable did in the steps with two
 * arms. Undefined while the step has not begun.
 */
export function unpairedInput(rollout: StagedRollout, evidence: CourseEvidence): UnpairedInput | undefined {
  const { course } = rollout;
  const running = runningStep(rollout);
  if (running === undefined) return undefined;
  const presence = presenceOf(rollout, evidence);
  const counted = countedMembers(rollout, evidence);
  const baseline = new Map<string, { bad: number; calls: number; overBudget: number }>();
  const devices = counted.flatMap((member) => {
    const sums = [...(evidence.sums.get(member.device)?.values() ?? [])].filter((sum) => isOurs(rollout, member, sum));
    const before = baseline.get(member.stratum) ?? { bad: 0, calls: 0, overBudget: 0 };
    baseline.set(member.stratum, before);
    for (const sum of sums) {
      if (sum.mode !== 'split') continue;
      before.bad += badOf(sum, 'stable');
      before.calls += sum.calls.stable;
      before.overBudget += Math.min(sum.calls.stable, overBudgetOf(sum, 'stable', evidence));
    }
    const full = sums.filter((sum) => sum.mode === 'full' && sum.step === running.index);
    if (full.length === 0 && !presence.isAwaited(member)) return [];
    if (course.leftStrata.includes(member.stratum)) return [];
    const calls = full.reduce((total, sum) => total + sum.calls.canary, 0);
    const bad = full.reduce((total, sum) => total + badOf(sum, 'canary'), 0);
    const overBudget = full.reduce((total, sum) => total + overBudgetOf(sum, 'canary', evidence), 0);
    const isIdle = presence.isIdle(member, full);
    const { device, stratum } = member;
    return [{ device, stratum, calls, bad, overBudget: Math.min(calls, overBudget), ...(isIdle && { isIdle }) }];
  });
  return {
    limits: limitsOf(course.policy.evidence ?? {}),
    devices,
    minCalls: running.step.minCalls ?? 0,
    provenStrata: course.provenStrata,
    baseline: Object.fromEntries(baseline),
  };
}

function isOurs(rollout: StagedRollout, member: Member, sum: EvidenceSum): boolean {
  return sum.canary === rollout.manifest && (sum.mode === 'full' || sum.stable === member.base);
}

function overBudgetOf({ outputs }: EvidenceSum, arm: 'stable' | 'canary', { manifest }: CourseEvidence): number {
  const compute = outputs?.[arm]?.compute;
  return compute === undefined || manifest === undefined ? 0 : countAbove(compute, manifest.budgets.p99Ms * 1000);
}

function badOf({ cells, calls }: EvidenceSum, arm: 'stable' | 'canary'): number {
  return Math.min(calls[arm], (cells.error?.[arm] ?? 0) + (cells.invalid?.[arm] ?? 0));
}

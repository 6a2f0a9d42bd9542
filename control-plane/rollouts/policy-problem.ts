import { type Candidate, cohortOf } from './cohort.js';
import { canaryRate, countedCalls, isKnown, neededCalls } from './exposure.js';
import { windowProblem } from './maintenance-window.js';
import type { RolloutPolicy, RolloutStep } from './policy.js';
import { limitsOf } from './verdict/evidence-policy.js';

/** What a policy is to be carried out on. */
export interface PolicyFacts {
  readonly nowMs: number;
  /** The release keeps state between calls. */
  readonly keepsState: boolean;
  /** Devices that can take part. */
  readonly candidates: readonly Candidate[];
  readonly cohortKey: string;
  /** Calls that a device answers a second now; 0 where it is not known. */
  readonly callsPerSecond: (device: string) => number;
}

/** Why a policy can never come to its end with this fleet, in a sentence; undefined when it can. */
export function policyProblem(policy: RolloutPolicy, facts: PolicyFacts): string | undefined {
  const { steps } = policy;
  for (const [index, step] of steps.entries()) {
    const problem =
      shapeProblem(step, facts) ?? shrinkProblem(step, steps[index - 1]) ?? fleetProblem(policy, step, facts);
    if (problem !== undefined) return `step ${index + 1}: ${problem}`;
  }
  return endProblem(steps) ?? startProblem(policy, facts.nowMs);
}

function shapeProblem({ mode, share }: RolloutStep, { keepsState }: PolicyFacts): string | undefined {
  //
  if (mode === 'shadow' && keepsState)
    return 'a shadow runs a call in both releases, and this one keeps state between calls, which cannot be copied: it takes a split by assignment key (the policies fast and hotfix have no shadow)';
  if (Math.abs(share * 100 - Math.round(share * 100)) > 1e-6) return `a share of ${share} % is no whole hundredth`;
  if (share <= 0) return `a share of ${share} % gives the canary no call, and no evidence`;
  if (mode === 'full' && share !== 100) return `full is all calls, a share of ${share} % is not`;
  // The last of the hold keeps something to compare with.
  if (mode === 'split' && share > 95)
    return `a split of ${share} % leaves stable too little to compare with: 95 % is the most`;
  return undefined;
}

const rank = { shadow: 0, split: 1, full: 2 } as const;

function shrinkProblem(step: RolloutStep, before: RolloutStep | undefined): string | undefined {
  if (before === undefined) return undefined;
  if (rank[step.mode] < rank[before.mode]) return `${step.mode} after ${before.mode} shows less than the step before`;
  if (step.mode === before.mode && step.mode === 'split' && step.share < before.share) {
    return `the share shrinks from ${before.share} % to ${step.share} %`;
  }
  const [now, then] = [step.cohort, before.cohort];
  if ('percent' in now && 'percent' in then && now.percent < then.percent) {
    return `the cohort shrinks from ${then.percent} % to ${now.percent} %; cohorts only grow`;
  }
  if ('devices' in now && 'devices' in then && now.devices < then.devices) {
    return `the cohort shrinks from ${then.devices} devices to ${now.devices}; cohorts only grow`;
  }
  return undefined;
}

function fleetProblem(policy: RolloutPolicy, step: RolloutStep, facts: PolicyFacts): string | undefined {
  const cohort = cohortOf(step, facts.candidates, facts.cohortKey);
  const isIn = new Set(cohort);
  if (cohort.length === 0) {
    const filter = Object.entries(step.filter ?? {}).map(([name, value]) => `${name}=${value}`);
    return filter.length > 0 ? `no device matches ${filter.join(',')}` : 'no device is in its cohort';
  }
  return timeProblem(policy, step, { ...facts, candidates: facts.candidates.filter(({ device }) => isIn.has(device)) });
}

/** A step whose evidence cannot come before its time limit, at the traffic that there is: computed as the verdict asks for it. */
function timeProblem(
  policy: RolloutPolicy,
  step: RolloutStep,
  { candidates, callsPerSecond }: Pick<PolicyFacts, 'candidates' | 'callsPerSecond'>,
): string | undefined {
  const { minCalls = 0, timeLimitSeconds: limit } = step;
  if (limit === undefined) return undefined;
  if (limit === 0) return 'a time limit of 0 s leaves no time for any evidence';
  const strata = new Map<string, number[]>();
  for (const { device, stratum } of candidates) {
    strata.set(stratum, [...(strata.get(stratum) ?? []), canaryRate(step, callsPerSecond(device))]);
  }
  const calls = neededCalls(step, limitsOf(policy.evidence ?? {}));
  const traffic = [...strata.values()].map((rates) => ({ calls, rates }));
  const all = traffic.flatMap(({ rates }) => rates).reduce((sum, rate) => sum + rate, 0);
  // Nobody knows what traffic comes to a stratum that has none: the preview says so, and the time limit holds.
  if (!traffic.every(isKnown)) return undefined;
  const within = `within its time limit of ${limit} s`;
  if (minCalls > all * limit) {
    return `it asks for ${minCalls} calls of the canary, ${Math.floor(all * limit)} come ${within}`;
  }
  // One stratum that can pass goes on without the others.
  const counted = Math.max(...traffic.map((each) => countedCalls(each, limit)));
  if (counted >= calls * (1 - 1e-9)) return undefined;
  return `it needs ${calls} calls of the canary, ${Math.floor(counted)} count ${within}`;
}

function endProblem(steps: readonly RolloutStep[]): string | undefined {
  const last = steps.at(-1);
  if (last === undefined || last.mode !== 'full' || last.filter !== undefined)
    return 'the last step must be full, without a filter';
  if (!('percent' in last.cohort) || last.cohort.percent !== 100)
    return 'the last step must be for 100 % of the devices';
  return steps.some(({ mode }) => mode === 'split')
    ? undefined
    : 'full has no second arm to be judged by: a split must come before it';
}

function startProblem({ startWindow = {}, maintenanceWindow }: RolloutPolicy, nowMs: number): string | undefined {
  const { notBefore, notAfter } = startWindow;
  for (const time of [notBefore, notAfter]) {
    if (time !== undefined && Number.isNaN(Date.parse(time)))
      return `the start window's ${time} is no time: write 2026-11-23T08:00:00Z`;
  }
  const endMs = notAfter === undefined ? Number.POSITIVE_INFINITY : Date.parse(notAfter);
  if (endMs <= nowMs) return `the start window closed at ${notAfter ?? ''}`;
  if (notBefore !== undefined && Date.parse(notBefore) >= endMs)
    return `the start window opens at ${notBefore}, after it closes`;
  return maintenanceWindow === undefined ? undefined : windowProblem(maintenanceWindow, nowMs);
}

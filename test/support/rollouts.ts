import type { Course, Member } from '@bellwether/control-plane/rollouts/course';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { presets } from '@bellwether/control-plane/rollouts/policy-presets';
import type { Rollout, StagedRollout } from '@bellwether/control-plane/rollouts/rollout';

/** A direct rollout of digits@1.1.0 to everybody. */
export function directRollout(changes: Partial<Rollout> = {}): Rollout {
  return {
    number: 1,
    model: 'digits',
    version: '1.1.0',
    manifest: 'a'.repeat(64),
    target: { all: true },
    phase: 'rolling',
    createdAtMs: 0,
    reason: null,
    superseded: null,
    course: null,
    members: new Map(),
    ...changes,
  };
}

/** One in steps, before its first. */
export function stagedRollout(policy: RolloutPolicy = presets.fast, changes: Partial<Course> = {}): StagedRollout {
  const course: Course = {
    version: 1,
    preset: 'custom',
    policy,
    cohortKey: '0'.repeat(32),
    salt: '1'.repeat(32),
    stratifyBy: 'hardware',
    strata: [''],
    step: 0,
    stepStartedAtMs: null,
    approvedStep: -1,
    passedAtMs: null,
    provenStrata: [],
    leftStrata: [],
    isKept: false,
    records: [],
    acknowledged: [],
    ...changes,
  };
  return { ...directRollout({ number: 2, version: '1.2.0', manifest: 'b'.repeat(64) }), course };
}

/** A device in its cohorts, whose canary is ordered. */
export function memberOf(device: string, changes: Partial<Member> = {}): Member {
  return {
    device,
    stratum: '',
    base: 'a'.repeat(64),
    isOrdered: true,
    off: null,
    acknowledged: null,
    attempt: 0,
    ...changes,
  };
}

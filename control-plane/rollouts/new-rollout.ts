import { formatReleaseId, parseReleaseId } from '@bellwether/shared/ids';
import type { CatalogRelease } from '../catalog/catalog.js';
import type { RolloutRequest } from '../http/rollout-api.js';
import { apartText } from './apart.js';
import { type Candidate, strataOf, stratumOf } from './cohort.js';
import type { Course } from './course.js';
import type { CourseDevice } from './course-device.js';
import type { RolloutPolicy } from './policy.js';
import { isPresetName, presets } from './policy-presets.js';
import { policyProblem } from './policy-problem.js';
import { RolloutError } from './rollout-error.js';
import { maxStrata } from './verdict/evidence-policy.js';

/** The release that a rollout is to bring; throws RolloutError. `devices`: the stages of those that it is for. */
export function requireRelease(
  name: string,
  find: (model: string, version: string) => CatalogRelease | undefined,
  stages: readonly ('staging' | 'production')[],
): CatalogRelease {
  const id = parseReleaseId(name);
  if (id === undefined) throw new RolloutError('release-malformed', `${name} is not a release: write MODEL@VERSION`);
  const release = find(id.model, id.version);
  if (release === undefined) {
    throw new RolloutError('release-unknown', `${formatReleaseId(id)} is not in the catalogue: publish it first`);
  }
  if (release.withdrawn !== null) {
    throw new RolloutError('release-withdrawn', `${name} was withdrawn: ${release.withdrawn}`);
  }
  const production = stages.filter((stage) => stage === 'production').length;
  if (!release.production && (production > 0 || stages.length === 0)) {
    const whom = stages.length === 0 ? 'devices that will join' : `${production} of ${stages.length} devices`;
    throw new RolloutError(
      'release-not-approved',
      `${name} is not approved for production, where ${whom} run; approve it first`,
    );
  }
  return release;
}

/** The policy that a request means, and its name; undefined: `direct`. Throws RolloutError `policy-unknown` or `policy-newer`. */
export function requirePolicy(
  policy: RolloutRequest['policy'],
): { readonly name: string; readonly policy: RolloutPolicy } | undefined {
  if (policy === undefined || policy === 'direct') return undefined;
  if (typeof policy !== 'string') {
    if (policy.version === 1 && 'steps' in policy) return { name: 'custom', policy };
    throw new RolloutError('policy-newer', `the policy is of version ${policy.version}; this server knows version 1`);
  }
  if (isPresetName(policy)) return { name: policy, policy: presets[policy] };
  throw new RolloutError(
    'policy-unknown',
    `there is no policy ${policy}: direct, ${Object.keys(presets).join(', ')}, or a file`,
  );
}

/** What a new rollout in steps is made with. */
export interface NewCourse {
  readonly name: string;
  readonly policy: RolloutPolicy;
  readonly devices: readonly CourseDevice[];
  /** Each 128 random bits, hex. */
  readonly keys: { readonly cohortKey: string; readonly salt: string };
  readonly nowMs: number;
  readonly callsPerSecond: (device: string) => number;
  /** The release keeps state between calls. */
  readonly keepsState: boolean;
}

/** The course of a new rollout, before its first step; throws RolloutError `no-stable` or `policy-impossible`. */
export function newCourse(parts: NewCourse): Course {
  const { name, policy, devices, keys, nowMs, callsPerSecond, keepsState } = parts;
  const able = devices.filter(({ apart, base }) => apart === null && base !== null);
  if (able.length === 0) {
    throw new RolloutError('no-stable', nobodyText(devices));
  }
  const stratifyBy = policy.evidence?.stratifyBy ?? 'hardware';
  const strata = strataOf(able, stratifyBy);
  if (strata.length > maxStrata) {
    const text = `the label ${stratifyBy} makes ${strata.length} strata, each to be judged by itself: ${maxStrata} is the most`;
    throw new RolloutError('policy-impossible', text);
  }
  const candidates = able.map(({ device, labels }): Candidate => {
    return { device, labels, stratum: stratumOf(labels, stratifyBy, strata) };
  });
  const problem = policyProblem(policy, { nowMs, candidates, cohortKey: keys.cohortKey, callsPerSecond, keepsState });
  if (problem !== undefined) throw new RolloutError('policy-impossible', problem);
  return {
    version: 1,
    preset: name,
    policy,
    ...keys,
    stratifyBy,
    strata,
    step: 0,
    stepStartedAtMs: null,
    approvedStep: -1,
    passedAtMs: null,
    provenStrata: [],
    leftStrata: [],
    isKept: false,
    records: [],
    acknowledged: [],
  };
}

/** Why nobody is there who could run a canary, with how many of the devices it is said of. */
function nobodyText(devices: readonly CourseDevice[]): string {
  if (devices.length === 0) return 'no device of the fleet is meant: none has these labels';
  const counts = new Map<string, number>();
  for (const { apart } of devices) counts.set(apartText(apart), (counts.get(apartText(apart)) ?? 0) + 1);
  const said = [...counts].map(([why, count]) => `${count} × ${why}`).join(', ');
  return `none of ${devices.length} devices can compare this release with another: ${said}; the policy direct compares nothing`;
}

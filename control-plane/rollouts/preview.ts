import type { CatalogRelease } from '../catalog/catalog.js';
import type { RolloutPreview } from '../http/rollout-preview-api.js';
import { apartText } from './apart.js';
import { type Candidate, cohortOf } from './cohort.js';
import type { CourseDevice } from './course-device.js';
import { candidatesOf } from './course-step.js';
import { canaryRate, neededCalls, secondsToPass } from './exposure.js';
import type { RolloutStep } from './policy.js';
import { isStaged, type Rollout, releaseIn, type StagedRollout } from './rollout.js';
import { limitsOf } from './verdict/evidence-policy.js';

interface PreviewFacts {
  readonly release: Pick<CatalogRelease, 'bytes'>;
  readonly devices: readonly CourseDevice[];
  readonly callsPerSecond: (device: string) => number;
}

/** What would become of a rollout: whom each step reaches, what it needs, and the time that the traffic of the last minute makes of it. */
export function previewOf(rollout: Rollout, { release, devices, callsPerSecond }: PreviewFacts): RolloutPreview {
  const without = devices.filter(({ report }) => !hasBytes(rollout, report));
  const steps = isStaged(rollout)
    ? rollout.course.policy.steps.map((step) => stepPreview(rollout, step, { devices, callsPerSecond }))
    : [];
  const times = steps.map(({ seconds }) => seconds);
  return {
    release: releaseIn(rollout),
    policy: rollout.course?.preset ?? 'direct',
    devices: devices.length,
    online: devices.filter(({ isOnline }) => isOnline).length,
    cannot: devices.flatMap((device) => {
      const why = whyNot(rollout, device);
      return why === null ? [] : [{ device: device.device, why }];
    }),
    bytesPerDevice: release.bytes,
    bytes: release.bytes * without.length,
    notes: isStaged(rollout) ? notesOf(rollout) : [],
    steps,
    seconds: times.includes(null) ? null : times.reduce((sum: number, each) => sum + (each ?? 0), 0),
  };
}

/** What a policy leaves out that most have. */
function notesOf({ course: { policy } }: StagedRollout): string[] {
  if (policy.failureBudget !== undefined) return [];
  return [
    'the policy has no failureBudget: however many devices refuse it, revert it or switch it off, that alone never takes it back',
  ];
}

function stepPreview(
  rollout: StagedRollout,
  step: RolloutStep,
  { devices, callsPerSecond }: Pick<PreviewFacts, 'devices' | 'callsPerSecond'>,
): RolloutPreview['steps'][number] {
  const { policy, cohortKey } = rollout.course;
  const candidates = new Map(candidatesOf(rollout, devices).map((each): [string, Candidate] => [each.device, each]));
  const cohort = cohortOf(step, [...candidates.values()], cohortKey);
  const strata = new Map<string, string[]>();
  for (const device of cohort) {
    const stratum = candidates.get(device)?.stratum ?? '';
    strata.set(stratum, [...(strata.get(stratum) ?? []), device]);
  }
  const { mode, share, minCalls = 0, holdSeconds = 0, approval = false } = step;
  const calls = neededCalls(step, limitsOf(policy.evidence ?? {}));
  const needs = [...strata].map(([stratum, members]) => {
    const rates = members.map((device) => canaryRate(step, callsPerSecond(device)));
    const seconds = secondsToPass({ calls, rates });
    const perSecond = rates.reduce((sum, rate) => sum + rate, 0);
    return {
      stratum,
      devices: members.length,
      calls,
      callsPerSecond: perSecond,
      seconds: seconds === null ? null : Math.ceil(seconds),
    };
  });
  const all = needs.reduce((sum, each) => sum + each.callsPerSecond, 0);
  const times = [...needs.map(({ seconds }) => seconds), minCalls === 0 ? 0 : all === 0 ? null : minCalls / all];
  const slowest = times.includes(null) ? null : Math.ceil(Math.max(...times.map((seconds) => seconds ?? 0)));
  return {
    mode,
    share,
    devices: cohort.length,
    approval,
    holdSeconds,
    strata: needs,
    seconds: slowest === null ? null : slowest + holdSeconds,
  };
}

/** Devices that will not run it in a step, or not yet; a sentence. */
function whyNot(rollout: Rollout, { apart, base, isOnline }: CourseDevice): string | null {
  if (apart !== null) return apartText(apart);
  if (isStaged(rollout) && base === null) return `${apartText(null)}; it gets this one when the rollout is done`;
  return isOnline ? null : 'it is not there now';
}

function hasBytes({ model, manifest }: Rollout, report: CourseDevice['report']): boolean {
  return report?.models.some((each) => each.model === model && each.serving?.manifest === manifest) ?? false;
}

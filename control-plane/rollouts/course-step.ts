import { type Candidate, cohortOf, stratumOf } from './cohort.js';
import type { Member } from './course.js';
import { inPhase, withCourse, withMembers } from './course-change.js';
import type { CourseDevice } from './course-device.js';
import { presentMembers } from './course-tally.js';
import type { StagedRollout } from './rollout.js';

/** Begins the current step, or says what it waits for: a time, a person, a device. */
export function startStep(rollout: StagedRollout, devices: readonly CourseDevice[], nowMs: number): StagedRollout {
  const { course } = rollout;
  const step = course.policy.steps[course.step];
  if (step === undefined) return rollout;
  const { notBefore, notAfter } = course.policy.startWindow ?? {};
  if (course.step === 0 && notBefore !== undefined && nowMs < Date.parse(notBefore)) {
    return inPhase(rollout, 'waiting', { code: 'start-window', text: `it begins at ${notBefore}` });
  }
  if (notAfter !== undefined && nowMs > Date.parse(notAfter) && !course.acknowledged.includes('start-window')) {
    const text = `step ${course.step + 1} was not to begin after ${notAfter}`;
    return inPhase(rollout, 'held', { code: 'start-window', text });
  }
  if (step.approval === true && course.approvedStep < course.step) {
    const text = `step ${course.step + 1} of ${course.policy.steps.length} needs an approval`;
    return inPhase(rollout, 'waiting', { code: 'approval', text });
  }
  const begun = withCourse(rollout, { stepStartedAtMs: nowMs, passedAtMs: null });
  const proven = step.mode === 'full' ? withoutUnproven(begun) : begun;
  const grown = inPhase(withMembers(proven, newMembers(proven, devices)), 'rolling', null);
  if ([...grown.members.values()].some((member) => takesPart(grown, member, devices))) return grown;
  // Nothing is shown by a step that no device takes: a release that nobody ran is no better known than before.
  const isUnproven = step.mode === 'full' && grown.course.leftStrata.length > course.leftStrata.length;
  return inPhase(
    withCourse(rollout, { stepStartedAtMs: null }),
    'held',
    isUnproven
      ? { code: 'unpaired', text: `step ${course.step + 1} has no second arm, and no step with two has passed` }
      : { code: 'empty-cohort', text: `no device is in the cohort of step ${course.step + 1}` },
  );
}

/** Goes on to the next step, or ends. */
export function nextStep(rollout: StagedRollout, devices: readonly CourseDevice[], nowMs: number): StagedRollout {
  const { course } = rollout;
  if (course.step + 1 >= course.policy.steps.length) return finished(rollout, devices);
  const next = withCourse(rollout, { step: course.step + 1, stepStartedAtMs: null, passedAtMs: null });
  return startStep(next, devices, nowMs);
}

/** Devices’ own reasons to take the release back: it did harm there, whatever it did elsewhere. */
const harmed: ReadonlySet<string | null> = new Set(['tripped', 'reverted']);

/** The release is every device's now, but for those that it did harm on: they stay on stable. */
export function finished(rollout: StagedRollout, devices: readonly CourseDevice[]): StagedRollout {
  const present = presentMembers(rollout, new Map(devices.map((each) => [each.device, each])));
  const off = present.flatMap(({ member, stands: { standing, code } }) =>
    standing === 'failed' && harmed.has(code) ? [{ ...member, off: code }] : [],
  );
  return inPhase(withMembers(rollout, off), 'done', null);
}

/** The devices that a cohort may take in, besides those that are in. */
export function candidatesOf(rollout: StagedRollout, devices: readonly CourseDevice[]): (Candidate & CourseDevice)[] {
  const { course, createdAtMs, members } = rollout;
  return devices.flatMap((device) => {
    if (device.apart !== null || device.base === null) return [];
    if (device.enrolledAtMs > createdAtMs && course.policy.joiners !== 'cohort') return [];
    const stratum = members.get(device.device)?.stratum ?? stratumOf(device.labels, course.stratifyBy, course.strata);
    return course.leftStrata.includes(stratum) ? [] : [{ ...device, stratum }];
  });
}

/** Cohorts only grow: who is in stays in, whatever its labels say now. */
function newMembers(rollout: StagedRollout, devices: readonly CourseDevice[]): Member[] {
  const { course, members } = rollout;
  const step = course.policy.steps[course.step];
  if (step === undefined) return [];
  const candidates = new Map(candidatesOf(rollout, devices).map((each) => [each.device, each]));
  return cohortOf(step, [...candidates.values()], course.cohortKey).flatMap((device) => {
    const candidate = candidates.get(device);
    if (members.has(device) || candidate === undefined || candidate.base === null) return [];
    const { stratum, base } = candidate;
    return [{ device, stratum, base, isOrdered: false, off: null, acknowledged: null, attempt: 0 }];
  });
}

/** `full` has no second arm to compare with: it goes only where a step with two arms has passed. */
function withoutUnproven(rollout: StagedRollout): StagedRollout {
  const { strata, provenStrata, leftStrata } = rollout.course;
  const unproven = [...new Set(['', ...strata])].filter((stratum) => !provenStrata.includes(stratum));
  return withCourse(rollout, { leftStrata: [...new Set([...leftStrata, ...unproven])] });
}

function takesPart(rollout: StagedRollout, member: Member, devices: readonly CourseDevice[]): boolean {
  if (member.off !== null || rollout.course.leftStrata.includes(member.stratum)) return false;
  return devices.some(({ device, apart }) => device === member.device && apart === null);
}

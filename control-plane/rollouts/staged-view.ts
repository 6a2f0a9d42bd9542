import type { RolloutDevice, RolloutFailure, RolloutStepView, RolloutView } from '../http/rollout-api.js';
import { cohortOf } from './cohort.js';
import { type CourseDevice, memberView } from './course-device.js';
import { candidatesOf } from './course-step.js';
import { isNewFailure, type PresentMember, presentMembers } from './course-tally.js';
import { hasEnded, type StagedRollout } from './rollout.js';
import { deviceState } from './rollout-device.js';
import { devicesOfView } from './rollout-devices.js';
import type { RolloutSight } from './rollout-store.js';
import { headOf } from './rollout-view.js';

interface StagedFacts {
  readonly devices: readonly CourseDevice[];
  /** What the newest look shows; of one that has ended, what the last one showed. */
  readonly sight: RolloutSight;
}

/** A rollout in steps, as operators see it. */
export function stagedView(
  rollout: StagedRollout,
  { devices, sight }: StagedFacts,
): Omit<RolloutView, 'history' | 'timeline'> {
  const present = presentMembers(rollout, new Map(devices.map((each) => [each.device, each])));
  return {
    ...headOf(rollout),
    policy: rollout.course.preset,
    waitsFor: waitsFor(rollout, present, sight),
    step: rollout.course.step,
    steps: rollout.course.policy.steps.map((_, index) => stepView(rollout, index, { devices, present })),
    ...sight,
    ...devicesOfView(deviceViews(rollout, devices, present), failuresOf(present)),
  };
}

/** Every device of it, and where it stands. */
export function stagedDevices(rollout: StagedRollout, devices: readonly CourseDevice[]): readonly RolloutDevice[] {
  return deviceViews(rollout, devices, presentMembers(rollout, new Map(devices.map((each) => [each.device, each]))));
}

function failuresOf(present: readonly PresentMember[]): RolloutFailure[] {
  return present.flatMap((each) => {
    const { member, stands } = each;
    if (stands.standing !== 'failed') return [];
    const { code, message } = stands;
    return [
      { device: member.device, code: code ?? 'failed', message: message ?? '', acknowledged: !isNewFailure(each) },
    ];
  });
}

function stepView(
  rollout: StagedRollout,
  index: number,
  { devices, present }: { readonly devices: readonly CourseDevice[]; readonly present: readonly PresentMember[] },
): RolloutStepView {
  const { course } = rollout;
  const step = course.policy.steps[index];
  if (step === undefined) throw new Error(`a rollout of ${course.policy.steps.length} steps has no step ${index}`);
  const record = course.records.find((each) => each.step === index);
  if (record !== undefined && record.endedAtMs !== null) {
    const { devices: cohortSize, ready, failed, silent, startedAtMs, endedAtMs, isLeft } = record;
    return { ...step, state: isLeft ? 'left' : 'ended', cohortSize, ready, failed, silent, startedAtMs, endedAtMs };
  }
  const isCurrent = index === course.step && !hasEnded(rollout);
  const state = isCurrent ? 'current' : index < course.step || rollout.phase === 'done' ? 'left' : 'ahead';
  const inState = (standing: PresentMember['stands']['standing']) =>
    isCurrent ? present.filter(({ stands }) => stands.standing === standing).length : 0;
  const hasBegun = isCurrent && course.stepStartedAtMs !== null;
  const planned = state === 'ahead' || !hasBegun;
  return {
    ...step,
    state,
    cohortSize: planned ? cohortOf(step, candidatesOf(rollout, devices), course.cohortKey).length : present.length,
    ready: inState('ready'),
    failed: inState('failed'),
    silent: inState('silent'),
    startedAtMs: isCurrent ? course.stepStartedAtMs : null,
    endedAtMs: null,
  };
}

function waitsFor(rollout: StagedRollout, present: readonly PresentMember[], sight: RolloutSight): string | null {
  const { phase, course, reason } = rollout;
  const of = `step ${course.step + 1} of ${course.policy.steps.length}`;
  switch (phase) {
    case 'waiting':
      return reason?.code === 'approval' ? `${of}: a person must approve it` : `${of}: ${reason?.text ?? 'its time'}`;
    case 'paused':
      return `${of}: a person must resume it`;
    case 'held':
      return `${of}: a person must decide: ${reason?.text ?? ''}`;
    case 'rolling-back':
      return 'devices must say that the release is gone';
    case 'rolling': {
      const waiting = present.filter(({ stands }) => stands.standing === 'open' || stands.standing === 'ahead').length;
      if (waiting > 0) return `${of}: ${waiting} of ${present.length} devices have yet to take it`;
      if (course.passedAtMs !== null)
        return `${of}: its hold of ${course.policy.steps[course.step]?.holdSeconds ?? 0} s`;
      return `${of}: evidence: ${sight.verdict?.reasons[0]?.text ?? 'there is none yet'}`;
    }
    default:
      return null;
  }
}

function deviceViews(
  rollout: StagedRollout,
  devices: readonly CourseDevice[],
  present: readonly PresentMember[],
): RolloutDevice[] {
  const stands = new Map(present.map((each) => [each.member.device, each.stands]));
  return devices.map((each) => {
    const { device, report, isOnline, order, apart } = each;
    const standing = stands.get(device);
    if (apart !== null && apart !== 'has-it') return { device, state: 'stable', code: apart, message: null };
    if (rollout.phase === 'done' && standing?.standing !== 'off')
      return deviceState(rollout, { id: device, report, isOnline, order });
    if (standing === undefined || (hasEnded(rollout) && rollout.phase !== 'done') || rollout.phase === 'rolling-back') {
      return { device, state: 'stable', code: apart, message: null };
    }
    return memberView(device, standing);
  });
}

import { gatingCells } from '@bellwether/shared/evidence/counters';
import { formatReleaseId } from '@bellwether/shared/ids';
import type { ArmTotals, RolloutDevice, RolloutStepView, RolloutView } from '../http/rollout-api.js';
import { cohortOf } from './cohort.js';
import { type CourseDevice, memberView } from './course-device.js';
import { candidatesOf } from './course-step.js';
import { isNewFailure, type PresentMember, presentMembers } from './course-tally.js';
import type { Look } from './evidence-looks.js';
import { hasEnded, releaseIn, type StagedRollout } from './rollout.js';
import { deviceState } from './rollout-device.js';
import { headOf } from './rollout-view.js';
import { segmentsOf, totalsOf } from './verdict/fleet-evidence.js';

interface StagedFacts {
  readonly devices: readonly CourseDevice[];
  readonly look: Look | undefined;
  /** Version of the release that most of the devices compare with; undefined: none does. */
  readonly stableVersion: string | undefined;
}

/** A rollout in steps, as operators see it. */
export function stagedView(rollout: StagedRollout, { devices, look, stableVersion }: StagedFacts): RolloutView {
  const present = presentMembers(rollout, new Map(devices.map((each) => [each.device, each])));
  const stable = stableVersion === undefined ? null : formatReleaseId({ model: rollout.model, version: stableVersion });
  return {
    ...headOf(rollout),
    policy: rollout.course.preset,
    waitsFor: waitsFor(rollout, present, look),
    step: rollout.course.step,
    steps: rollout.course.policy.steps.map((_, index) => stepView(rollout, index, { devices, present })),
    arms: armsOf(look, { stable, canary: releaseIn(rollout) }),
    verdict: look === undefined ? null : { ...look.verdict, atMs: look.atMs },
    history: [...(look?.history ?? [])],
    failures: present.flatMap((each) => {
      const { member, stands } = each;
      if (stands.standing !== 'failed') return [];
      const { code, message } = stands;
      return [
        { device: member.device, code: code ?? 'failed', message: message ?? '', acknowledged: !isNewFailure(each) },
      ];
    }),
    devices: deviceViews(rollout, devices, present),
  };
}

function stepView(
  rollout: StagedRollout,
  index: number,
  { devices, present }: { readonly devices: readonly CourseDevice[]; readonly present: readonly PresentMember[] },
): RolloutStepView {
  const { course } = rollout;
  const step = course.policy.steps[index];
  if (step === undefined) throw new Error(`a rollout of ${course.policy.steps.length} steps has no step ${index}`);
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
  };
}

function waitsFor(rollout: StagedRollout, present: readonly PresentMember[], look: Look | undefined): string | null {
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
      return `${of}: evidence: ${look?.verdict.reasons[0]?.text ?? 'there is none yet'}`;
    }
    default:
      return null;
  }
}

function armsOf(
  look: Look | undefined,
  releases: { readonly stable: string | null; readonly canary: string },
): RolloutView['arms'] {
  if (look === undefined) return null;
  const segments = segmentsOf(look.paired.devices);
  if (segments.length === 0) return null;
  const sum = (arm: 'stable' | 'canary'): ArmTotals => {
    const bad = gatingCells.flatMap((cell) => {
      const isMeasured = segments.some(({ cells }) => cells[cell] !== undefined);
      return isMeasured ? [[cell, totalsOf(segments, cell).bad[arm]] as const] : [];
    });
    return {
      release: releases[arm],
      calls: segments.reduce((total, { calls }) => total + calls[arm], 0),
      labelled: segments.reduce((total, { labelled }) => total + labelled[arm], 0),
      bad: Object.fromEntries(bad),
      compute: look.compute[arm],
    };
  };
  return { stable: sum('stable'), canary: sum('canary') };
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
    if (rollout.phase === 'done') return deviceState(rollout, { id: device, report, isOnline, order });
    if (standing === undefined || hasEnded(rollout) || rollout.phase === 'rolling-back') {
      return { device, state: 'stable', code: apart, message: null };
    }
    return memberView(device, standing);
  });
}

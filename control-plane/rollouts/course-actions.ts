import type { RolloutAction, RolloutPhase } from '../http/rollout-api.js';
import { inPhase, rollingBack, withCourse, withMembers } from './course-change.js';
import type { CourseLook } from './course-look.js';
import { finished, nextStep } from './course-step.js';
import { hasFailed, presentMembers } from './course-tally.js';
import type { StagedRollout } from './rollout.js';

/** What a person decides about a rollout, and why. */
export interface RolloutDecision {
  readonly action: RolloutAction;
  /** Who says so. */
  readonly by: string;
  readonly why: string | null;
  /** Of abort: devices that have the release up keep it. */
  readonly keep: boolean;
  /** Of promote: to the end, or the next step that asks for an approval, and not to the next step. */
  readonly all: boolean;
}

/** What may be decided in each phase. A pause lets nothing begin; only taking back is always possible. */
export const decisions: Readonly<Record<RolloutPhase, readonly RolloutAction[]>> = {
  rolling: ['pause', 'promote', 'retry', 'abort', 'rollback'],
  waiting: ['approve', 'pause', 'abort', 'rollback'],
  paused: ['resume', 'abort', 'rollback'],
  held: ['resume', 'promote', 'retry', 'abort', 'rollback'],
  'rolling-back': [],
  'rolled-back': [],
  aborted: [],
  done: ['rollback'],
  superseded: [],
};

/** Who decided, and why if he said so. */
export function saidBy({ by, why }: Pick<RolloutDecision, 'by' | 'why'>): string {
  return why === null ? by : `${by}: ${why}`;
}

/** The rollout after a decision that its phase allows. */
export function decide(
  rollout: StagedRollout,
  decision: RolloutDecision,
  { look, nowMs }: { readonly look: CourseLook; readonly nowMs: number },
): StagedRollout {
  const { course } = rollout;
  const said = saidBy(decision);
  switch (decision.action) {
    case 'approve':
      return inPhase(withCourse(rollout, { approvedStep: course.step }), 'rolling', null);
    case 'pause':
      return inPhase(rollout, 'paused', { code: 'operator', text: `paused by ${said}` });
    case 'resume':
      return resumed(rollout, look, nowMs);
    case 'retry':
      return inPhase(retried(withTimeAnew(rollout, nowMs), look), 'rolling', null);
    case 'promote':
      return promoted(rollout, decision, { look, nowMs });
    case 'abort': {
      const aborted = decision.keep ? withCourse(rollout, { isKept: true }) : rollout;
      return inPhase(aborted, 'aborted', { code: 'operator', text: `ended by ${said}` });
    }
    case 'rollback':
      return rollingBack(rollout, 'operator', `taken back by ${said}`);
  }
}

/** Going on means: what there is of failures and reasons to hold has been seen. */
function resumed(rollout: StagedRollout, look: CourseLook, nowMs: number): StagedRollout {
  const { course, reason } = rollout;
  const seen = presentOf(rollout, look).flatMap(({ member, stands }) => {
    const failure = hasFailed(stands) ? stands.code : stands.standing === 'silent' ? 'silent' : null;
    return failure === null || failure === member.acknowledged ? [] : [{ ...member, acknowledged: failure }];
  });
  const acknowledged =
    rollout.phase === 'held' && reason !== null
      ? [...new Set([...course.acknowledged, reason.code])]
      : course.acknowledged;
  const going = withCourse(withMembers(withTimeAnew(rollout, nowMs), seen), { acknowledged });
  return inPhase(going, 'rolling', null);
}

/** A step that a person goes on with has its whole time again. */
function withTimeAnew(rollout: StagedRollout, nowMs: number): StagedRollout {
  return rollout.course.stepStartedAtMs === null ? rollout : withCourse(rollout, { stepStartedAtMs: nowMs });
}

/** Failed devices go back to the end of the line, and are then asked by another entry of the order. */
function retried(rollout: StagedRollout, look: CourseLook): StagedRollout {
  const failed = presentOf(rollout, look).filter(({ stands }) => hasFailed(stands));
  return withMembers(
    rollout,
    failed.map(({ member }) => ({
      ...member,
      isOrdered: false,
      off: null,
      acknowledged: null,
      attempt: member.attempt + 1,
    })),
  );
}

/** A person vouches for what the evidence does not say. */
function promoted(
  rollout: StagedRollout,
  { all }: RolloutDecision,
  { look, nowMs }: { readonly look: CourseLook; readonly nowMs: number },
): StagedRollout {
  const { course } = rollout;
  const strata = [...rollout.members.values()].map(({ stratum }) => stratum);
  const proven = withCourse(rollout, { provenStrata: [...new Set([...course.provenStrata, ...strata])] });
  if (!all) return nextStep(proven, look.devices, nowMs);
  // Another pair of eyes is asked for there: whoever may promote may not stand in for it.
  const asking = course.policy.steps.findIndex(
    ({ approval }, step) => step > course.approvedStep && step > course.step && approval,
  );
  return asking === -1
    ? finished(proven, look.devices)
    : nextStep(withCourse(proven, { step: asking - 1 }), look.devices, nowMs);
}

function presentOf(rollout: StagedRollout, { devices }: CourseLook) {
  return presentMembers(rollout, new Map(devices.map((each) => [each.device, each])));
}

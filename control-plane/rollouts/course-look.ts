import type { Course } from './course.js';
import { inPhase, rollingBack, withCourse, withMembers } from './course-change.js';
import type { CourseDevice } from './course-device.js';
import { nextStep, startStep } from './course-step.js';
import { haveAllAnswered, lateCode, type PresentMember, presentMembers, tooManyFailures } from './course-tally.js';
import type { StagedRollout } from './rollout.js';
import type { Verdict } from './verdict/verdict.js';

/** Everything that a look at a rollout in steps depends on. */
export interface CourseLook {
  /** Every device that the rollout is for. */
  readonly devices: readonly CourseDevice[];
  /** Of the current step; null: there is no evidence yet. */
  readonly verdict: Verdict | null;
  /** Devices may begin an install now. */
  readonly isWindowOpen: boolean;
}

/** The only answers of a verdict that waiting does not change. */
const holding = new Set(['output-shift', 'not-measured', 'unpaired-limit']);

/** So many devices that each decide alone are no accident: a person looks. */
const tooManyAlone = 3;

/** What the devices and the evidence mean, while canaries are out: harm first, whatever else is going on. */
export function watch(rollout: StagedRollout, { devices, verdict }: CourseLook): StagedRollout {
  if (verdict?.value === 'fail') {
    return rollingBack(rollout, 'harm', verdict.reasons[0]?.text ?? 'the canary does harm');
  }
  const present = presentMembers(rollout, byId(devices));
  const why = tooManyFailures(rollout, present, devices.length);
  if (why !== undefined) return rollingBack(rollout, 'failure-budget', why);
  return withMembers(rollout, [...keptApart(rollout, devices), ...dropped(rollout, verdict)]);
}

/** What is done while a rollout is on its way: who is next, whether the step has what it needs, and what comes after it. */
export function goOn(rollout: StagedRollout, look: CourseLook, nowMs: number): StagedRollout {
  const next = decided(rollout, look, nowMs);
  const isRunning = next.phase === 'rolling' && next.course.stepStartedAtMs !== null;
  return isRunning ? admit(next, look) : next;
}

function decided(rollout: StagedRollout, look: CourseLook, nowMs: number): StagedRollout {
  const { devices, verdict } = look;
  const { course } = rollout;
  if (course.stepStartedAtMs === null) return startStep(rollout, devices, nowMs);
  const hold = verdict?.reasons.find(({ code }) => holding.has(code) && !course.acknowledged.includes(code));
  if (hold !== undefined) return inPhase(rollout, 'held', { code: hold.code, text: hold.text });

  const loud = [...rollout.members.values()].filter(({ off }) => off === 'single-device').length;
  if (loud >= tooManyAlone && !course.acknowledged.includes('single-device')) {
    const text = `${loud} devices were switched off because each of them alone decided: together they may be right`;
    return inPhase(rollout, 'held', { code: 'single-device', text });
  }

  const present = presentMembers(rollout, byId(devices));
  const step = course.policy.steps[course.step];
  const hasAnswered = haveAllAnswered(rollout, present);
  if (hasAnswered && verdict?.value === 'pass') {
    const passedAtMs = course.passedAtMs ?? nowMs;
    const passed = withCourse(rollout, { passedAtMs });
    if (nowMs - passedAtMs < (step?.holdSeconds ?? 0) * 1000) return passed;
    return nextStep(withProven(passed, verdict), devices, nowMs);
  }
  const waiting = course.passedAtMs === null ? rollout : withCourse(rollout, { passedAtMs: null });
  const limitMs = (step?.timeLimitSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  if (nowMs - course.stepStartedAtMs < limitMs) return waiting;
  if (!hasAnswered) return withoutLate(waiting, look) ?? overdue(waiting, look);
  const parted = withoutUnpassed(waiting, verdict, present);
  return parted === undefined ? overdue(waiting, look) : nextStep(withProven(parted, verdict), devices, nowMs);
}

/** `rolling-back` ends when no device says any more that it has the release; a silent one loses its canary with the lease [T-5]. */
export function isBack(rollout: StagedRollout, { devices }: CourseLook): boolean {
  return devices.every(({ report, order, isOnline, base }) => {
    if (!isOnline || report === null || order === undefined) return true;
    const model = report.models.find((each) => each.model === rollout.model);
    const hasSeen = report.observed?.epoch === order.epoch && report.observed.generation >= order.generation;
    const has = model?.canary?.manifest === rollout.manifest || model?.serving?.manifest === rollout.manifest;
    // A device that had no release before has nothing to go back to.
    return hasSeen && (!has || base === null || base === rollout.manifest);
  });
}

/** As many as may install at once, the first in line first. A device that is not there is not ordered: it would begin when it likes. */
function admit(rollout: StagedRollout, { devices, isWindowOpen }: CourseLook): StagedRollout {
  const present = presentMembers(rollout, byId(devices));
  // A silent device that has not got it up gives its turn back: its order must not begin an install whenever it returns.
  const returned = present.filter(
    ({ member, stands }) => member.isOrdered && stands.standing === 'silent' && stands.isInFlight,
  );
  const inFlight = present.filter(({ stands }) => stands.isInFlight).length - returned.length;
  const room = isWindowOpen ? Math.max(0, (rollout.course.policy.maxInFlight ?? 50) - inFlight) : 0;
  const next = present.filter(({ stands, device }) => stands.standing === 'ahead' && device.isOnline).slice(0, room);
  return withMembers(rollout, [
    ...returned.map(({ member }) => ({ ...member, isOrdered: false })),
    ...next.map(({ member, device }) => ({ ...member, isOrdered: true, orderedAfter: device.order?.generation ?? 0 })),
  ]);
}

/** A device that is kept apart gives its turn back: when it is free again, it begins like any other, and not in a pause. */
function keptApart(rollout: StagedRollout, devices: readonly CourseDevice[]) {
  return devices.flatMap(({ device, apart }) => {
    const member = rollout.members.get(device);
    return apart === null || member?.isOrdered !== true ? [] : [{ ...member, isOrdered: false }];
  });
}

function dropped(rollout: StagedRollout, verdict: Verdict | null) {
  const isSingle = verdict?.reasons.some(({ code }) => code === 'single-device');
  return (verdict?.drop ?? []).flatMap((device) => {
    const member = rollout.members.get(device);
    if (member === undefined || member.off !== null) return [];
    return [{ ...member, off: isSingle ? 'single-device' : 'interference' }];
  });
}

/** At the time limit, strata that have passed go on; the others stay on the release before. */
function withoutUnpassed(
  rollout: StagedRollout,
  verdict: Verdict | null,
  present: readonly PresentMember[],
): StagedRollout | undefined {
  const passed = verdict?.passedStrata ?? [];
  const strata = [...new Set(present.map(({ member }) => member.stratum))];
  const isGathering = verdict?.reasons[0]?.code === 'gathering';
  if (!isGathering || !strata.some((stratum) => passed.includes(stratum))) return undefined;
  const left = strata.filter((stratum) => !passed.includes(stratum));
  if (left.length === 0) return undefined;
  return withCourse(rollout, { leftStrata: [...new Set([...rollout.course.leftStrata, ...left])] });
}

/**
 * At the time limit, one device with a full disk does not hold a fleet: what the others have shown decides, as long as the
 * late ones fit into the failure budget; undefined: they do not, or it is not they who are waited for.
 */
function withoutLate(rollout: StagedRollout, { verdict, devices }: CourseLook): StagedRollout | undefined {
  if (verdict?.value !== 'pass' || rollout.course.policy.failureBudget === undefined) return undefined;
  const late = presentMembers(rollout, byId(devices)).filter(({ stands }) => stands.standing === 'open');
  const without = withMembers(
    rollout,
    late.map(({ member }) => ({ ...member, off: lateCode })),
  );
  const present = presentMembers(without, byId(devices));
  const isOver = tooManyFailures(without, present, devices.length) !== undefined;
  return isOver || !haveAllAnswered(without, present) ? undefined : without;
}

function overdue(rollout: StagedRollout, { verdict, devices }: CourseLook): StagedRollout {
  const { course } = rollout;
  const hours = ((course.policy.steps[course.step]?.timeLimitSeconds ?? 0) / 3600).toPrecision(2);
  const open = presentMembers(rollout, byId(devices)).filter(({ stands }) => stands.standing === 'open').length;
  const onTheWay = `${open} ${open === 1 ? 'device is' : 'devices are'} still on the way`;
  // Evidence that is enough is no reason to hold.
  const reason = verdict?.value === 'pass' ? undefined : verdict?.reasons[0]?.text;
  const why = reason ?? (open > 0 ? onTheWay : 'there is no evidence');
  return inPhase(rollout, 'held', {
    code: 'time-limit',
    text: `step ${course.step + 1} is over its ${hours} h: ${why}`,
  });
}

function withProven(rollout: StagedRollout, verdict: Verdict | null): StagedRollout {
  const { course } = rollout;
  if (course.policy.steps[course.step]?.mode !== 'split' || verdict === null) return rollout;
  const provenStrata: Course['provenStrata'] = [...new Set([...course.provenStrata, ...verdict.passedStrata])];
  return withCourse(rollout, { provenStrata });
}

function byId(devices: readonly CourseDevice[]): ReadonlyMap<string, CourseDevice> {
  return new Map(devices.map((device) => [device.device, device]));
}

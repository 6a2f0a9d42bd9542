import type { StepRecord } from './course.js';
import { withCourse } from './course-change.js';
import type { CourseDevice } from './course-device.js';
import { type PresentMember, presentMembers } from './course-tally.js';
import { hasEnded, type StagedRollout } from './rollout.js';

/** The rollout with its steps' times and sizes, after a change: a step that was left has ended, as one in which the rollout ends. */
export function withRecords(
  before: StagedRollout,
  next: StagedRollout,
  { devices, nowMs }: { readonly devices: readonly CourseDevice[]; readonly nowMs: number },
): StagedRollout {
  const { step, stepStartedAtMs } = next.course;
  const hasStopped = hasEnded(next) || next.phase === 'rolling-back';
  const { records } = before.course;
  const isOver = (record: StepRecord) => record.endedAtMs === null && (hasStopped || record.step !== step);
  const hasBegun = !hasStopped && stepStartedAtMs !== null && !records.some((record) => record.step === step);
  if (!hasBegun && !records.some(isOver)) return next;
  const present = presentMembers(before, new Map(devices.map((each) => [each.device, each])));
  const kept = records.map((record) => {
    if (!isOver(record)) return record;
    const isLeft = record.step !== step || next.phase === 'done';
    return { ...record, ...countsOf(present), isLeft, endedAtMs: nowMs };
  });
  const begun = hasBegun
    ? [{ step, startedAtMs: stepStartedAtMs, endedAtMs: null, isLeft: false, ...countsOf([]) }]
    : [];
  return withCourse(next, { records: [...kept, ...begun] });
}

function countsOf(present: readonly PresentMember[]) {
  const count = (standing: PresentMember['stands']['standing']) =>
    present.filter(({ stands }) => stands.standing === standing).length;
  return { devices: present.length, ready: count('ready'), failed: count('failed'), silent: count('silent') };
}

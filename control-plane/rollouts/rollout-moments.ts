import { isStaged, type Rollout, type StagedRollout } from './rollout.js';
import type { RolloutEvent } from './transition.js';
import type { Verdict } from './verdict/verdict.js';

/** Something that happened to a rollout: a word for programs and a sentence. */
export interface Moment {
  readonly code: string;
  readonly text: string;
  /** Who decided it, of what a person decides. */
  readonly by?: string;
}

/** Devices that a sentence names; the others it counts. */
const namedDevices = 3;

/** What an event has made of a rollout, in the order in which one came of the other. Empty where nobody would notice. */
export function momentsOf(before: Rollout, next: Rollout, event: RolloutEvent): readonly Moment[] {
  return [
    ...decision(event),
    ...(isStaged(before) && isStaged(next) ? steps(before, next, event) : []),
    ...phase(before, next, event),
  ];
}

function decision(event: RolloutEvent): Moment[] {
  if (event.kind !== 'decided') return [];
  const { action, by, why, keep, all } = event.decision;
  const how = `${action === 'abort' && keep ? ' --keep' : ''}${action === 'promote' && all ? ' --all' : ''}`;
  return [{ code: action, by, text: `${by}: ${action}${how}${why === null ? '' : `: ${why}`}` }];
}

function steps(before: StagedRollout, next: StagedRollout, event: RolloutEvent): Moment[] {
  const moments: Moment[] = [];
  const [was, is] = [before.course, next.course];
  const verdict = event.kind === 'looked' ? event.look.verdict : null;
  const off = [...next.members.values()].filter(
    ({ device, off: why }) => why !== null && before.members.get(device)?.off === null,
  );
  if (off.length > 0) {
    const text = `${named(off.map(({ device }) => device))}: canary switched off, ${off[0]?.off ?? ''}`;
    moments.push({ code: 'canary-off', text });
  }
  const retried = [...next.members.values()].filter(
    ({ device, attempt }) => attempt > (before.members.get(device)?.attempt ?? 0),
  );
  if (retried.length > 0) {
    moments.push({ code: 'asked-again', text: `asked again: ${named(retried.map(({ device }) => device))}` });
  }
  const isFurther = is.step > was.step || (next.phase === 'done' && before.phase !== 'superseded');
  if (verdict !== null && isFurther) moments.push(passed(before, verdict));
  const left = is.leftStrata.filter((stratum) => !was.leftStrata.includes(stratum));
  if (left.length > 0) {
    const which = left.map((stratum) => (stratum === '' ? 'all others' : `${is.stratifyBy}=${stratum}`)).join(', ');
    moments.push({ code: 'left-behind', text: `stays on the release before: ${which}` });
  }
  const record = is.records.at(-1);
  if (record !== undefined && is.records.length > was.records.length) {
    const step = is.policy.steps[record.step];
    const calls = step === undefined ? '' : `: ${step.mode}, ${step.share} % of the calls`;
    const text = `step ${record.step + 1} of ${is.policy.steps.length} began${calls}`;
    moments.push({ code: 'step', text });
  }
  return moments;
}

function passed({ course }: StagedRollout, { value, reasons }: Verdict): Moment {
  const what = value === 'pass' ? 'passed' : 'is over';
  return { code: 'step-passed', text: `step ${course.step + 1} ${what}: ${reasons[0]?.text ?? value}` };
}

function phase(before: Rollout, next: Rollout, event: RolloutEvent): Moment[] {
  if (next.phase === before.phase) return [];
  switch (next.phase) {
    case 'superseded':
      return [{ code: 'superseded', text: `r${next.superseded?.by ?? 0} took its place` }];
    case 'rolled-back':
      return [{ code: 'rolled-back', text: 'no device that is there has it any more' }];
    case 'done':
      return [{ code: 'done', text: isStaged(next) ? 'every step is over' : 'every device serves it' }];
    default:
  }
  if (event.kind === 'reinstated')
    return [{ code: 'reinstated', text: 'the rollout that had taken its place was taken back' }];
  // What a person has decided says it already.
  if (event.kind === 'decided' || next.phase === 'rolling') return [];
  return [
    { code: next.reason?.code ?? next.phase, text: `${next.phase}: ${next.reason?.text ?? 'a device refused it'}` },
  ];
}

function named(devices: readonly string[]): string {
  const more = devices.length - namedDevices;
  return `${devices.slice(0, namedDevices).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

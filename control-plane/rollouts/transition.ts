import type { RolloutAction, RolloutDevice, RolloutPhase } from '../http/rollout-api.js';
import { changedDevices } from './changed-devices.js';
import { decide, decisions, type RolloutDecision, saidBy } from './course-actions.js';
import { inPhase } from './course-change.js';
import { type CourseLook, goOn, isBack, watch } from './course-look.js';
import { withRecords } from './course-record.js';
import { isStaged, type Rollout, type StagedRollout } from './rollout.js';
import { phaseOf } from './rollout-device.js';

/** What happens to a rollout. */
export type RolloutEvent =
  | { readonly kind: 'created' }
  /** A device enrolled that the rollout is for. */
  | { readonly kind: 'joined'; readonly device: string }
  /** Where the devices of a direct rollout stand now. */
  | { readonly kind: 'observed'; readonly devices: readonly RolloutDevice[] }
  /** What there is to see of one in steps: devices, evidence, time. */
  | { readonly kind: 'looked'; readonly look: CourseLook }
  /** A person has decided; conductors refuse what actionsOf() does not name. `failed`: of a direct one, the devices that a retry asks again. */
  | {
      readonly kind: 'decided';
      readonly decision: RolloutDecision;
      readonly look: CourseLook;
      readonly failed?: readonly string[];
    }
  /** A newer rollout takes its place. */
  | { readonly kind: 'superseded'; readonly by: number; readonly look: CourseLook }
  /** The rollout that had taken its place was taken back. */
  | { readonly kind: 'reinstated' };

/** What is to be done, after `next` is stored; each may run twice. */
export type RolloutEffect =
  /** Compose and publish the orders of the devices that the rollout is for, or of some. */
  | { readonly kind: 'order'; readonly devices: 'all' | readonly string[] }
  /** Tell whoever watches. */
  | { readonly kind: 'announce' };

export interface Transition {
  readonly next: Rollout;
  readonly effects: readonly RolloutEffect[];
}

type Edge<Kind extends RolloutEvent['kind']> = (
  rollout: Rollout,
  event: Extract<RolloutEvent, { kind: Kind }>,
) => Transition;
type Edges = { readonly [Kind in 'created' | 'joined' | 'observed']: Edge<Kind> };

const all: readonly RolloutEffect[] = [{ kind: 'order', devices: 'all' }];
const stay = (rollout: Rollout): Transition => ({ next: rollout, effects: [] });
const enter = (rollout: Rollout, phase: RolloutPhase, effects: readonly RolloutEffect[] = []): Transition => ({
  next: { ...rollout, phase },
  effects: [...effects, { kind: 'announce' }],
});

/** What a direct rollout does while it stands. A later report may undo `done`: a device that reverts holds it. */
const active: Edges = {
  created: (rollout) => enter(rollout, 'rolling', all),
  joined: (rollout, { device }) => enter(rollout, 'rolling', [{ kind: 'order', devices: [device] }]),
  observed: (rollout, { devices }) => enter(rollout, phaseOf(devices)),
};
/** The end: late reports and new devices belong to the rollout that came after it. */
const ended: Edges = { created: stay, joined: stay, observed: stay };

const edges: Readonly<Partial<Record<RolloutPhase, Edges>>> = { rolling: active, done: active, held: active };

/** What a look does to a rollout in steps, by phase. Where it says nothing, nothing comes of it: a rollback is never undone. */
const looks: Readonly<
  Partial<Record<RolloutPhase, (rollout: StagedRollout, look: CourseLook, nowMs: number) => StagedRollout>>
> = {
  rolling: watchAndGoOn,
  waiting: watchAndGoOn,
  paused: watch,
  held: watch,
  'rolling-back': (rollout, look) =>
    isBack(rollout, look) ? inPhase(rollout, 'rolled-back', rollout.reason) : rollout,
};

/** What may be decided about a direct rollout, by phase. */
const directDecisions: Readonly<Partial<Record<RolloutPhase, readonly RolloutAction[]>>> = {
  rolling: ['retry', 'rollback'],
  held: ['retry', 'rollback'],
  done: ['rollback'],
};

/** What a person may decide now. */
export function actionsOf(rollout: Rollout): readonly RolloutAction[] {
  if (isStaged(rollout)) return decisions[rollout.phase];
  return directDecisions[rollout.phase] ?? [];
}

/** The rollout after an event at a wall time, and what to do about it. */
export function transition(rollout: Rollout, event: RolloutEvent, nowMs: number): Transition {
  const from = edges[rollout.phase] ?? ended;
  switch (event.kind) {
    case 'superseded':
      return superseded(rollout, event, nowMs);
    case 'reinstated':
      return reinstated(rollout);
    case 'looked':
      if (!isStaged(rollout)) return stay(rollout);
      return staged(rollout, looks[rollout.phase]?.(rollout, event.look, nowMs) ?? rollout, event.look, nowMs);
    case 'decided':
      if (!actionsOf(rollout).includes(event.decision.action)) return stay(rollout);
      if (isStaged(rollout))
        return staged(rollout, decide(rollout, event.decision, { look: event.look, nowMs }), event.look, nowMs);
      return directDecided(rollout, event);
    case 'created':
      return isStaged(rollout) ? enter(rollout, rollout.phase) : from.created(rollout, event);
    case 'joined':
      // A device that joins gets what stands; the cohorts take it in when their next step begins, if they do.
      return isStaged(rollout)
        ? enter(rollout, rollout.phase, [{ kind: 'order', devices: [event.device] }])
        : from.joined(rollout, event);
    case 'observed':
      return isStaged(rollout) ? stay(rollout) : from.observed(rollout, event);
  }
}

/** Going on needs what watching has left: a rollout that is taken back goes nowhere else. */
function watchAndGoOn(rollout: StagedRollout, look: CourseLook, nowMs: number): StagedRollout {
  const watched = watch(rollout, look);
  return watched.phase === rollout.phase ? goOn(watched, look, nowMs) : watched;
}

/** Taken back, or asked again by another entry of the order: what a device refused for good it tries anew. */
function directDecided(
  rollout: Rollout,
  { decision, failed = [] }: Extract<RolloutEvent, { kind: 'decided' }>,
): Transition {
  if (decision.action !== 'retry') {
    const reason = { code: 'operator', text: `taken back by ${saidBy(decision)}` };
    return enter({ ...rollout, reason }, 'rolled-back', all);
  }
  const { manifest } = rollout;
  const members = new Map(rollout.members);
  for (const device of failed) {
    const asked = members.get(device) ?? { ...directMember, device, base: manifest };
    members.set(device, { ...asked, attempt: asked.attempt + 1 });
  }
  return enter({ ...rollout, members }, 'rolling', [{ kind: 'order', devices: failed }]);
}

/** Of a direct rollout only those are members that were asked again, and only for their number of attempts. */
const directMember = { stratum: '', isOrdered: true, off: null, acknowledged: null, attempt: 0 } as const;

function superseded(rollout: Rollout, { by, look }: Extract<RolloutEvent, { kind: 'superseded' }>, nowMs: number) {
  if (rollout.phase === 'superseded') return stay(rollout);
  const next: Rollout = { ...rollout, phase: 'superseded', superseded: { by, from: rollout.phase } };
  const { devices } = look;
  return enter(
    isStaged(rollout) && isStaged(next) ? withRecords(rollout, next, { devices, nowMs }) : next,
    next.phase,
    all,
  );
}

/** A direct one, or one that was done, stands again; of one that was on its way the cohorts are a thing of the past. */
function reinstated(rollout: Rollout): Transition {
  const { superseded } = rollout;
  if (rollout.phase !== 'superseded' || superseded === null) return stay(rollout);
  if (isStaged(rollout) && superseded.from !== 'done') return stay(rollout);
  return enter({ ...rollout, superseded: null }, isStaged(rollout) ? 'done' : 'rolling', all);
}

function staged(before: StagedRollout, changed: StagedRollout, { devices }: CourseLook, nowMs: number): Transition {
  if (changed === before) return stay(before);
  const next = withRecords(before, changed, { devices, nowMs });
  const concerned = changedDevices(before, next, devices);
  const order: readonly RolloutEffect[] = concerned.length === 0 ? [] : [{ kind: 'order', devices: concerned }];
  return { next, effects: [...order, { kind: 'announce' }] };
}

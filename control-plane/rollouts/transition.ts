import type { RolloutDevice, RolloutPhase } from '../http/rollout-api.js';
import type { Rollout } from './rollout.js';
import { phaseOf } from './rollout-device.js';

/** What happens to a rollout. */
export type RolloutEvent =
  | { readonly kind: 'created' }
  /** A device enrolled that the rollout is for. */
  | { readonly kind: 'joined'; readonly device: string }
  /** Where its devices stand now. */
  | { readonly kind: 'observed'; readonly devices: readonly RolloutDevice[] }
  /** A newer rollout is for all its devices. */
  | { readonly kind: 'superseded' };

/** What is to be done, after `next` is stored; each may run twice. */
export type RolloutEffect =
  /** Compose and publish the orders of the devices that the rollout is for, or of one. */
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
type Edges = { readonly [Kind in RolloutEvent['kind']]: Edge<Kind> };

const stay = (rollout: Rollout): Transition => ({ next: rollout, effects: [] });
const enter = (rollout: Rollout, phase: RolloutPhase, effects: readonly RolloutEffect[] = []): Transition => ({
  next: { ...rollout, phase },
  effects: [...effects, { kind: 'announce' }],
});

/** What a rollout does while it is not superseded. A later report may undo `done`: a device that reverts holds it. */
const active: Edges = {
  created: (rollout) => enter(rollout, 'rolling', [{ kind: 'order', devices: 'all' }]),
  joined: (rollout, { device }) => enter(rollout, 'rolling', [{ kind: 'order', devices: [device] }]),
  observed: (rollout, { devices }) => enter(rollout, phaseOf(devices)),
  superseded: (rollout) => enter(rollout, 'superseded', [{ kind: 'order', devices: 'all' }]),
};

/** The end: late reports and new devices belong to the newer rollout. */
const ended: Edges = { created: stay, joined: stay, observed: stay, superseded: stay };

const edges: Readonly<Partial<Record<RolloutPhase, Edges>>> = { rolling: active, done: active, held: active };

/** The rollout after an event, and what to do about it. With one step and no holds, time decides nothing yet. */
export function transition(rollout: Rollout, event: RolloutEvent): Transition {
  const from = edges[rollout.phase] ?? ended;
  switch (event.kind) {
    case 'created':
      return from.created(rollout, event);
    case 'joined':
      return from.joined(rollout, event);
    case 'observed':
      return from.observed(rollout, event);
    case 'superseded':
      return from.superseded(rollout, event);
  }
}

import type { RolloutDevice, RolloutView } from '../http/rollout-api.js';
import { hasEnded, type Rollout, releaseIn, rolloutId } from './rollout.js';
import { devicesOfView } from './rollout-devices.js';
import { actionsOf } from './transition.js';

/** What every rollout shows. */
export function headOf(rollout: Rollout) {
  const { target, createdAtMs, phase, superseded } = rollout;
  // What it waited for before another one took its place is no reason any more.
  const reason =
    phase === 'superseded' && superseded !== null
      ? { code: 'superseded', text: `r${superseded.by} took its place` }
      : rollout.reason;
  return {
    id: rolloutId(rollout),
    release: releaseIn(rollout),
    to: target,
    createdAtMs,
    phase,
    reason,
    actions: [...actionsOf(rollout)],
  };
}

/** A rollout that goes to all its devices at once, as operators see it. */
export function directView(
  rollout: Rollout,
  devices: readonly RolloutDevice[],
): Omit<RolloutView, 'history' | 'timeline'> {
  const head = headOf(rollout);
  const open = devices.filter(
    ({ state }) => state === 'ordered' || state === 'installing' || state === 'silent',
  ).length;
  const refused = { code: 'refused', text: 'a device refused the release' };
  return {
    ...head,
    policy: 'direct',
    reason: rollout.phase === 'held' ? refused : head.reason,
    waitsFor: hasEnded(rollout) || open === 0 ? null : `${open} of ${devices.length} devices have yet to serve it`,
    step: null,
    steps: [],
    arms: null,
    verdict: null,
    ...devicesOfView(
      devices,
      devices.flatMap(({ device, state, code, message }) => {
        if (state !== 'refused') return [];
        return [{ device, code: code ?? 'refused', message: message ?? '', acknowledged: false }];
      }),
    ),
  };
}

import type { RolloutDevice, RolloutView } from '../http/rollout-api.js';
import { type Rollout, releaseIn, rolloutId } from './rollout.js';

/** A rollout that goes to all its devices at once, as operators see it. */
export function directView(rollout: Rollout, devices: RolloutDevice[]): RolloutView {
  const { phase } = rollout;
  const open = devices.filter(
    ({ state }) => state === 'ordered' || state === 'installing' || state === 'silent',
  ).length;
  return {
    id: rolloutId(rollout),
    release: releaseIn(rollout),
    to: rollout.target,
    createdAtMs: rollout.createdAtMs,
    phase,
    policy: 'direct',
    reason: phase === 'held' ? { code: 'refused', text: 'a device refused the release' } : null,
    waitsFor: phase === 'rolling' ? `${open} of ${devices.length} devices have yet to serve it` : null,
    step: null,
    steps: [],
    arms: null,
    verdict: null,
    history: [],
    failures: devices.flatMap(({ device, state, code, message }) => {
      if (state !== 'refused') return [];
      return [{ device, code: code ?? 'refused', message: message ?? '', acknowledged: false }];
    }),
    actions: [],
    devices,
  };
}

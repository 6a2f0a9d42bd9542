import type { RolloutDevice, RolloutView } from '../http/rollout-api.js';

/** Devices of a rollout that are in one of these states. */
export function devicesIn(
  { standings }: Pick<RolloutView, 'standings'>,
  ...states: readonly RolloutDevice['state'][]
): number {
  return standings.reduce((sum, { state, devices }) => (states.includes(state) ? sum + devices : sum), 0);
}

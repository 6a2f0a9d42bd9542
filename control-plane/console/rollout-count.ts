import type { RolloutDevice, RolloutView } from '@bellwether/control-plane/http/rollout-api';

/** Devices of a rollout that are in one of these states. */
export function devicesIn({ standings }: Pick<RolloutView, 'standings'>, ...states: readonly RolloutDevice['state'][]) {
  return standings.reduce((sum, { state, devices }) => (states.includes(state) ? sum + devices : sum), 0);
}

/** The codes of the devices that refused, each once: `blob-digest, disk`. */
export function refusalCodes({ standings }: Pick<RolloutView, 'standings'>): string {
  const refused = standings.filter(({ state }) => state === 'refused');
  return [...new Set(refused.map(({ code }) => code ?? 'refused'))].join(', ');
}

import type { FleetState } from './fleet-state.js';

/** How many approvals wait for somebody. */
export function waitingCount(state: FleetState): number {
  const pending = state.status.value?.pending;
  if (pending === undefined) return 0;
  return pending.releases.length + pending.devices.length + pending.deviceKeys.length;
}

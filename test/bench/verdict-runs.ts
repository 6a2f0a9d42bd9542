import { type PeerFindings, PeerWatch } from '../support/canary-peers.js';
import { JudgedRollout } from '../support/judged-rollout.js';
import type { Dice } from '../support/random-counts.js';
import type { SimulatedFleet } from '../support/simulated-rollout.js';

/** How one rollout went. */
export interface Watched {
  /** Second of the `fail`; undefined: none. */
  readonly failedAt: number | undefined;
  /** Bad calls of the canary by then: errors and the like. */
  readonly events: number;
  readonly peers: PeerFindings;
}

/** Looks every second until it fails, or for so many seconds; with `peers`, goes on until they all have decided too. */
export function watch(
  dice: Dice,
  fleet: SimulatedFleet,
  { seconds, peers = false }: { readonly seconds: number; readonly peers?: boolean },
): Watched {
  const rollout = new JudgedRollout(dice, fleet);
  const others = new PeerWatch();
  let failed: { readonly at: number; readonly events: number } | undefined;
  for (let second = 1; second <= seconds; second++) {
    const verdict = failed === undefined ? rollout.tick() : undefined;
    if (failed !== undefined) rollout.stream.tick();
    if (verdict !== undefined) failed = { at: second, events: rollout.errors.canaryErrors };
    if (failed !== undefined && !peers) break;
    if (!peers) continue;
    others.look(second, rollout.errors);
    if (failed !== undefined && Object.values(others.findings).every((found) => found !== undefined)) break;
  }
  return { failedAt: failed?.at, events: failed?.events ?? Number.NaN, peers: others.findings };
}

/** The canary's calls by the time that a step passes; undefined when it does not within the hour. */
export function callsToPass(dice: Dice, fleet: SimulatedFleet): number | undefined {
  const rollout = new JudgedRollout(dice, fleet);
  for (let second = 1; second <= 3600; second++) {
    if (rollout.tick() !== undefined) return undefined;
    if (rollout.judge().value === 'pass') return rollout.errors.canaryCalls;
  }
  return undefined;
}

/** True when this stratum has ever passed within an hour, before the rollout failed. */
export function everPasses(dice: Dice, fleet: SimulatedFleet, stratum: string): boolean {
  const rollout = new JudgedRollout(dice, fleet);
  for (let second = 1; second <= 3600; second++) {
    if (rollout.tick() !== undefined) return false;
    // What passes stays passed for longer than this.
    if (second % 10 === 0 && rollout.judge().passedStrata.includes(stratum)) return true;
  }
  return false;
}

/** Labelled pairs by the time that the canary fails. */
export function labelsToFail(dice: Dice, fleet: SimulatedFleet): number {
  const rollout = new JudgedRollout(dice, fleet);
  for (let second = 1; second <= 3600; second++) {
    if (rollout.tick() !== undefined) return rollout.errors.canaryCalls;
  }
  return Number.POSITIVE_INFINITY;
}

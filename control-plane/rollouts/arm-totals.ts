import { gatingCells } from '@bellwether/shared/evidence/counters';
import type { ArmTotals, RolloutView } from '../http/rollout-api.js';
import type { Look } from './evidence-looks.js';
import { segmentsOf, totalsOf } from './verdict/fleet-evidence.js';

/** What both arms did, by a look; null while no canary has been measured. */
export function armTotals(
  { paired, compute }: Pick<Look, 'paired' | 'compute'>,
  releases: { readonly stable: string | null; readonly canary: string },
): RolloutView['arms'] {
  const segments = segmentsOf(paired.devices);
  if (segments.length === 0) return null;
  const sum = (arm: 'stable' | 'canary'): ArmTotals => {
    const bad = gatingCells.flatMap((cell) => {
      const isMeasured = segments.some(({ cells }) => cells[cell] !== undefined);
      return isMeasured ? [[cell, totalsOf(segments, cell).bad[arm]] as const] : [];
    });
    return {
      release: releases[arm],
      calls: segments.reduce((total, { calls }) => total + calls[arm], 0),
      labelled: segments.reduce((total, { labelled }) => total + labelled[arm], 0),
      bad: Object.fromEntries(bad),
      compute: compute[arm],
    };
  };
  return { stable: sum('stable'), canary: sum('canary') };
}

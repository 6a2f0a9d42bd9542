import type { GatingCell } from '@bellwether/shared/evidence/counters';
import { logAbove } from '@bellwether/shared/evidence/e-value';
import type { EvidenceLimits } from './evidence-policy.js';
import { type DeviceEvidence, segmentsOf, totalsOf } from './fleet-evidence.js';

/** Cells whose bad calls are bad whatever stable usually does. */
const plainCells: readonly GatingCell[] = ['error', 'invalid', 'wrong'];

/** So many of the newest epochs are looked at: what went wrong is to be said while it does, and not for hours after. */
const recentEpochs = 2;

/** So many times the limit is an outage: nothing passes while it lasts, because calls that fail anyway prove nothing. */
const outageFactor = 10;

/** A cell in which stable is bad too. */
export interface SharedTrouble {
  readonly cell: GatingCell;
  readonly isOutage: boolean;
}

/**
 * The cell in which stable itself is bad more often than the policy lets a canary be, in the last minutes: then it is
 * the device, the network or the input, and taking the canary back would help nobody. Undefined when all is well.
 */
export function badInBothArms(
  step: readonly DeviceEvidence[],
  { alpha, maxBad }: EvidenceLimits,
): SharedTrouble | undefined {
  const segments = recentSegments(step);
  const isAbove = (cell: GatingCell, limit: number) => {
    const { bad, trials } = totalsOf(segments, cell);
    return logAbove(bad.stable, trials.stable, limit) >= -Math.log(alpha);
  };
  const outage = plainCells.find((cell) => isAbove(cell, Math.min(0.5, maxBad * outageFactor)));
  if (outage !== undefined) return { cell: outage, isOutage: true };
  const cell = plainCells.find((each) => isAbove(each, maxBad));
  return cell === undefined ? undefined : { cell, isOutage: false };
}

/** The segments of the newest epochs. */
export function recentSegments(step: readonly DeviceEvidence[]): ReturnType<typeof segmentsOf> {
  const segments = segmentsOf(step);
  const newest = segments.reduce((most, { epoch }) => Math.max(most, epoch), 0);
  return segments.filter(({ epoch }) => epoch > newest - recentEpochs);
}

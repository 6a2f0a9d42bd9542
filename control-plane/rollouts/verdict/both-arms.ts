import type { GatingCell } from '@bellwether/shared/evidence/counters';
import { logAbove } from '@bellwether/shared/evidence/e-value';
import type { EvidenceLimits } from './evidence-policy.js';
import { type DeviceEvidence, segmentsOf, totalsOf } from './fleet-evidence.js';

/** Cells whose bad calls are bad whatever stable usually does. */
const plainCells: readonly GatingCell[] = ['error', 'invalid', 'wrong'];

/** So many of the newest epochs are looked at: what went wrong is to be said while it does, and not for hours after. */
const recentEpochs = 2;

/**
 * The cell in which stable itself is bad more often than the policy lets a canary be, in the last minutes: then it is
 * the device, the network or the input, and taking the canary back would help nobody. Undefined when all is well.
 */
export function badInBothArms(step: readonly DeviceEvidence[], limits: EvidenceLimits): GatingCell | undefined {
  const segments = recentSegments(step);
  return plainCells.find((cell) => {
    const { bad, trials } = totalsOf(segments, cell);
    return logAbove(bad.stable, trials.stable, limits.maxBad) >= -Math.log(limits.alpha);
  });
}

/** The segments of the newest epochs. */
export function recentSegments(step: readonly DeviceEvidence[]): ReturnType<typeof segmentsOf> {
  const segments = segmentsOf(step);
  const newest = segments.reduce((most, { epoch }) => Math.max(most, epoch), 0);
  return segments.filter(({ epoch }) => epoch > newest - recentEpochs);
}

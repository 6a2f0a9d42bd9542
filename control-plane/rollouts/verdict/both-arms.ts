import type { GatingCell } from '@bellwether/shared/evidence/counters';
import { logAbove } from '@bellwether/shared/evidence/e-value';
import type { EvidenceLimits } from './evidence-policy.js';
import { type DeviceEvidence, segmentsOf, totalsOf } from './fleet-evidence.js';

/** Cells whose bad calls are bad whatever stable usually does. Wrong answers are none: how many are usual is the model's own matter. */
const plainCells: readonly GatingCell[] = ['error', 'invalid'];

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
  const outage = plainCells.find((cell) => isAbove(cell, outageLimit(maxBad)));
  if (outage !== undefined) return { cell: outage, isOutage: true };
  const cell = plainCells.find((each) => isAbove(each, maxBad));
  return cell === undefined ? undefined : { cell, isOutage: false };
}

/** Fewer bad calls of stable than this in an epoch prove too little to be left out. */
const fewestInOutage = 10;

/**
 * The epochs in which stable was out, in this cell: what fails in both arms anyway would count as proof that the canary is
 * no worse, for as long as the step goes on.
 */
export function outageEpochs(
  step: readonly DeviceEvidence[],
  cell: GatingCell,
  { maxBad }: Pick<EvidenceLimits, 'maxBad'>,
): ReadonlySet<number> {
  if (!plainCells.includes(cell)) return new Set();
  const epochs = new Map<number, { bad: number; trials: number }>();
  for (const { segments } of step) {
    for (const segment of segments) {
      const { bad, trials } = totalsOf([segment], cell);
      const sum = epochs.get(segment.epoch) ?? { bad: 0, trials: 0 };
      epochs.set(segment.epoch, { bad: sum.bad + bad.stable, trials: sum.trials + trials.stable });
    }
  }
  const isOut = ({ bad, trials }: { bad: number; trials: number }) =>
    bad >= fewestInOutage && bad > outageLimit(maxBad) * trials;
  return new Set([...epochs].flatMap(([epoch, sum]) => (isOut(sum) ? [epoch] : [])));
}

function outageLimit(maxBad: number): number {
  return Math.min(0.5, maxBad * outageFactor);
}

/** The segments of the newest epochs. */
export function recentSegments(step: readonly DeviceEvidence[]): ReturnType<typeof segmentsOf> {
  const segments = segmentsOf(step);
  const newest = segments.reduce((most, { epoch }) => Math.max(most, epoch), 0);
  return segments.filter(({ epoch }) => epoch > newest - recentEpochs);
}

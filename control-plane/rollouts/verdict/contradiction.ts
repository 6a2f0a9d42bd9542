import { countOfCell, gatingCells, trialsOf } from '@bellwether/shared/evidence/counters';
import type { DeviceEvidence } from './fleet-evidence.js';

/**
 * True when a device's counters cannot be: more bad calls than calls. It is broken or lies, and either way its evidence
 * cannot be used, for or against. Deaths are counted against time and may be more than the calls.
 */
export function contradictsItself({ segments }: DeviceEvidence): boolean {
  return segments.some((segment) =>
    gatingCells.some((cell) => {
      const count = countOfCell(segment, cell);
      if (count === undefined || cell === 'death') return false;
      const both = segment.both[cell] ?? 0;
      const trials = trialsOf(segment, cell);
      return count.stable + both > trials.stable || count.canary + both > trials.canary;
    }),
  );
}

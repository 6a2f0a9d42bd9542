import {
  countOfCell,
  type GatingCell,
  gatingCells,
  nullShare,
  type SegmentCounters,
  trialsOf,
} from '@bellwether/shared/evidence/counters';
import { logAbove, logHarm } from '@bellwether/shared/evidence/e-value';

/** Ratio of bad calls that a canary is allowed. */
const toleratedRatio = 1.25;
/** Evidence of a hundred to one. */
const enough = Math.log(100);
/** Stable errs more often than this only when something is wrong beneath it; the default limit of a rollout. */
const maxBad = 0.005;
/** Bad whatever stable usually does. */
const plainCells: readonly GatingCell[] = ['error', 'invalid', 'wrong'];

/** What the two arms, which run on the same devices at the same time, say about a cause. */
export interface ArmFinding {
  readonly says: 'canary-only' | 'both-arms' | 'unclear';
  readonly sentence: string;
}

const unclear: ArmFinding = { says: 'unclear', sentence: '' };

/**
 * `canary-only`: its calls are worse than tolerated beside stable's, so the release is at fault. `both-arms`: stable fails
 * as well and the canary not more, so it is what both run on. Else nothing can be said.
 */
export function armsSay(segments: readonly SegmentCounters[]): ArmFinding {
  const cells = gatingCells.filter((cell) => segments.some((counters) => countOfCell(counters, cell) !== undefined));
  const harms = cells.map((cell) => ({ cell, logE: logHarm(splitsOf(segments, cell), toleratedRatio) }));
  const worst = harms.toSorted((a, b) => b.logE - a.logE)[0];
  if (worst === undefined) return unclear;
  // Averaged over the cells, as a verdict does it: the worst of many is no evidence by itself.
  const logE = worst.logE - Math.log(cells.length);
  const isHarm = logE >= enough;
  const shared = plainCells.find((cell) => {
    const { bad, trials } = totals(segments, cell);
    return logAbove(bad.stable, trials.stable, maxBad) >= enough;
  });
  if (isHarm && shared === undefined) {
    const evidence = `E ≥ 1e${Math.floor(logE / Math.LN10)}`;
    return { says: 'canary-only', sentence: `canary only: ${countsOf(segments, worst.cell)} (${evidence})` };
  }
  if (!isHarm && shared !== undefined) {
    return { says: 'both-arms', sentence: `both arms on the same devices: ${countsOf(segments, shared)}` };
  }
  return unclear;
}

function splitsOf(segments: readonly SegmentCounters[], cell: GatingCell) {
  return segments.flatMap((counters) => {
    const count = countOfCell(counters, cell);
    if (count === undefined) return [];
    const share = nullShare(counters, cell, 'harm');
    return [{ epoch: counters.epoch, share, canary: count.canary, total: count.canary + count.stable }];
  });
}

/** Of shadow, what was bad in both arms is stable's and the canary's. */
function totals(segments: readonly SegmentCounters[], cell: GatingCell) {
  const bad = { stable: 0, canary: 0 };
  const trials = { stable: 0, canary: 0 };
  for (const counters of segments) {
    const count = countOfCell(counters, cell);
    if (count === undefined) continue;
    const of = trialsOf(counters, cell);
    const both = counters.both[cell] ?? 0;
    bad.stable += count.stable + both;
    bad.canary += count.canary + both;
    trials.stable += of.stable;
    trials.canary += of.canary;
  }
  return { bad, trials };
}

function countsOf(segments: readonly SegmentCounters[], cell: GatingCell): string {
  const { bad, trials } = totals(segments, cell);
  return `${cell} in ${bad.canary} of ${trials.canary} calls of the canary, ${bad.stable} of ${trials.stable} of stable`;
}

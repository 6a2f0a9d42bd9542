import { logMean, logTwoSided } from '@bellwether/shared/evidence/e-value';

/** Answers by class or by bin of confidence, of both arms of one device in one segment. */
export interface OutputCounts {
  /** Probability that an answer is the canary's: 0 … 1, both excluded. Of shadow: the canary's part of the answers. */
  readonly share: number;
  readonly stable: readonly number[];
  readonly canary: readonly number[];
  /** Rows of an answer, on the average; absent: 1. The rows of a batch or an image are one draw, and may all be of one class. */
  readonly rows?: number;
}

/**
 * log E against "both arms answer alike": the mean over classes (or bins) of a two-sided Beta-binomial mixture. It
 * never fails a rollout, because a better model may well answer otherwise; it holds it for a person.
 */
export function logOutputShift(counts: readonly OutputCounts[]): number {
  const bins = Math.max(0, ...counts.map(({ stable, canary }) => Math.max(stable.length, canary.length)));
  if (bins === 0) return 0;
  return logMean(Array.from({ length: bins }, (_, bin) => binShift(counts, bin)));
}

function binShift(counts: readonly OutputCounts[], bin: number): number {
  let ofCanary = 0;
  let total = 0;
  let expected = 0;
  for (const { share, stable, canary, rows = 1 } of counts) {
    if (share <= 0 || share >= 1) continue;
    const answers = ((canary[bin] ?? 0) + (stable[bin] ?? 0)) / rows;
    ofCanary += (canary[bin] ?? 0) / rows;
    total += answers;
    expected += share * answers;
  }
  // Coins of different shares fall less far apart than as many of their mean, and so do the two halves of a pair: the
  // mixture is convex, so its expectation is 1 at most for them too.
  return total === 0 ? 0 : logTwoSided({ share: expected / total, canary: ofCanary, total });
}

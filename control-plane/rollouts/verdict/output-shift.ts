import { logMean, logTwoSided } from '@bellwether/shared/evidence/e-value';

/** Answers by class or by bin of confidence, of both arms of one device in one segment. */
export interface OutputCounts {
  /** Probability of the canary: 0 … 1, both excluded. */
  readonly share: number;
  readonly stable: readonly number[];
  readonly canary: readonly number[];
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
  // Segments of one share are one experiment; those of different shares multiply.
  const byShare = new Map<number, { canary: number; total: number }>();
  for (const { share, stable, canary } of counts) {
    if (share <= 0 || share >= 1) continue;
    const sum = byShare.get(share) ?? { canary: 0, total: 0 };
    sum.canary += canary[bin] ?? 0;
    sum.total += (canary[bin] ?? 0) + (stable[bin] ?? 0);
    byShare.set(share, sum);
  }
  let log = 0;
  for (const [share, { canary, total }] of byShare) log += logTwoSided({ share, canary, total });
  return log;
}

/** What a release's accuracy is likely to be on what it is asked now. */
export interface AccuracyEstimate {
  /** Share of right answers, 0…1. */
  readonly accuracy: number;
  /** Standard error that comes of the reference's size and of how many answers there were. */
  readonly standardError: number;
  /** Answers that the estimate is of. */
  readonly answers: number;
}

/** Of a release's reference: answers per bin of confidence, and how many of them were right. */
export interface ConfidenceReference {
  readonly confidence?: readonly number[];
  readonly correct?: readonly number[];
}

/**
 * Confidence-based performance estimation: each answer counts as right as often as the reference's answers of the same
 * confidence were. Undefined without labels in the reference, or with fewer than ten answers.
 *
 * It sees that inputs became harder. It cannot see that the model is wrong and sure of it, nor that the truth itself has
 * changed: on the gas sensors answers fell to 82 % right at a mean confidence of 0.97. Drift of the inputs is the alarm;
 * this is a hint about its size.
 */
export function estimateAccuracy(
  counts: readonly number[],
  reference: ConfidenceReference,
): AccuracyEstimate | undefined {
  const { confidence = [], correct = [] } = reference;
  const answers = counts.reduce((sum, count) => sum + count, 0);
  if (correct.length === 0 || correct.length !== confidence.length || counts.length !== confidence.length)
    return undefined;
  if (answers < 10) return undefined;
  const bins = counts.map((count, bin) => {
    // One right and one wrong more than were seen: a bin without reference is worth half.
    const seen = (confidence[bin] ?? 0) + 2;
    return { share: count / answers, seen, p: ((correct[bin] ?? 0) + 1) / seen };
  });
  const right = bins.reduce((sum, { share, p }) => sum + share * p, 0);
  const variance = bins.reduce(
    (sum, { share, seen, p }) => sum + (share ** 2 * p * (1 - p)) / (seen + 1) + (share * (p - right) ** 2) / answers,
    0,
  );
  return { accuracy: right, standardError: Math.sqrt(variance), answers };
}

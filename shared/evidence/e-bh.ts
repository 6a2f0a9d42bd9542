/**
 * Which of many hypotheses are rejected, given one e-value for each: the e-Benjamini-Hochberg procedure (Wang & Ramdas
 * 2022, JRSS B 84:3). The expected share of false ones among them is at most `alpha`, however the e-values depend on each
 * other. When nothing is true, any rejection means that the mean of all is ≥ 1/alpha: for e-processes that happens, over
 * all looks together, with probability ≤ alpha. Takes natural logarithms; returns indices, the strongest first. Those below
 * log(1/alpha) are never rejected: they may be left out, if `hypotheses` says how many there are with them.
 */
export function rejectedByEvidence(
  logEs: readonly number[],
  alpha: number,
  hypotheses = logEs.length,
): readonly number[] {
  const order = [...logEs.keys()].sort((a, b) => (logEs[b] ?? 0) - (logEs[a] ?? 0) || a - b);
  let rejected = 0;
  for (const [i, index] of order.entries()) {
    if ((logEs[index] ?? 0) >= Math.log(hypotheses / (alpha * (i + 1)))) rejected = i + 1;
  }
  return order.slice(0, rejected);
}

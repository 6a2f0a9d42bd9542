/** How far two sets of counts in the same bins lie apart; half a count is added to each bin, so that none is empty. */
export interface DriftDistance {
  /** Population stability index, Σ (p − q) ln(p/q): below 0.1 is commonly called stable, above 0.25 another distribution. */
  readonly stabilityIndex: number;
  /** Jensen-Shannon divergence in bits, 0…1 (Lin 1991). */
  readonly jensenShannon: number;
}

/** The distance of `counts` from `reference`, bin by bin. It grows by chance alone where there are few of them: (bins − 1)/rows. */
export function driftDistance(counts: readonly number[], reference: readonly number[]): DriftDistance {
  const p = shares(counts);
  const q = shares(reference);
  let stabilityIndex = 0;
  let jensenShannon = 0;
  for (const [i, a] of p.entries()) {
    const b = q[i] ?? a;
    const middle = (a + b) / 2;
    stabilityIndex += (a - b) * Math.log(a / b);
    jensenShannon += (a * Math.log2(a / middle) + b * Math.log2(b / middle)) / 2;
  }
  return { stabilityIndex, jensenShannon: Math.max(0, jensenShannon) };
}

function shares(counts: readonly number[]): readonly number[] {
  const total = counts.reduce((sum, count) => sum + count + 0.5, 0);
  return counts.map((count) => (count + 0.5) / total);
}

/** How many devices have something, among the affected and among the others. */
export interface TwoByTwo {
  readonly affected: number;
  readonly ofAffected: number;
  readonly others: number;
  readonly ofOthers: number;
}

/**
 * Fisher's exact test, one-sided: the natural logarithm of the probability that at least so many of the affected would
 * have it, if it had been dealt out among all devices at random. Logarithms, since thousands of devices underflow.
 */
export function logFisherAbove({ affected, ofAffected, others, ofOthers }: TwoByTwo): number {
  const having = affected + others;
  const logs = logFactorials(ofAffected + ofOthers);
  const choose = (n: number, k: number) => (logs[n] ?? 0) - (logs[k] ?? 0) - (logs[n - k] ?? 0);
  const all = choose(ofAffected + ofOthers, having);
  const terms: number[] = [];
  for (let count = affected; count <= Math.min(having, ofAffected); count++) {
    terms.push(choose(ofAffected, count) + choose(ofOthers, having - count) - all);
  }
  const most = Math.max(...terms);
  return Math.min(0, most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0)));
}

function logFactorials(most: number): Float64Array {
  const logs = new Float64Array(most + 1);
  for (let n = 2; n <= most; n++) logs[n] = (logs[n - 1] ?? 0) + Math.log(n);
  return logs;
}

/**
 * Holm's correction of natural logarithms of p: each as it is worth after so many looks, in the order given. The chance of
 * any false finding stays below what each is held to.
 */
export function holm(logPs: readonly number[]): number[] {
  const order = [...logPs.keys()].sort((a, b) => (logPs[a] ?? 0) - (logPs[b] ?? 0));
  const corrected = logPs.map(() => 0);
  let most = Number.NEGATIVE_INFINITY;
  for (const [rank, i] of order.entries()) {
    most = Math.max(most, Math.min(0, Math.log(logPs.length - rank) + (logPs[i] ?? 0)));
    corrected[i] = most;
  }
  return corrected;
}

/** How many times as often the affected have it; a half is added to each count, so that there is a number where no other has it. */
export function liftOf({ affected, ofAffected, others, ofOthers }: TwoByTwo): number {
  return (affected + 0.5) / (ofAffected + 1) / ((others + 0.5) / (ofOthers + 1));
}

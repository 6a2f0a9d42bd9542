import { logSum } from './e-value.js';
import { logGamma } from './log-gamma.js';

/**
 * Has one watched value left the distribution that its release was made for? A sequential test over counts in the
 * reference's bins, valid at every look: e-values as in e-value.ts, natural logarithms.
 *
 * Nothing drifts: the device's own bin probabilities are drawn from Dirichlet(`reference`), so the next counts follow
 * the Dirichlet-multinomial of reference + all counts so far. For bins cut at the quantiles of the reference rows this
 * holds exactly whatever the distribution is (Wilks 1942: the coverages of sample blocks are Dirichlet), so what a small
 * reference does not know is no evidence. Drift: the next counts follow what was counted lately, for three lengths of
 * "lately". Each is an e-detector (Shin, Ramdas & Rinaldo 2022, arXiv 2203.03532) that bets 1/(t(t+1)) of the stake on
 * "it begins with look t", so that a drift after months is seen too; their mean is the evidence.
 */
export interface Drift {
  /** Looks so far: counts taken in. */
  readonly looks: number;
  /** Effective counts per bin since the beginning. */
  readonly seen: readonly number[];
  /** For each of `driftMemories`: counts that fade, and the logarithm of what is staked and won so far. */
  readonly detectors: readonly DriftDetector[];
}

/** One length of memory. `logWon` is -Infinity before the first look. */
export interface DriftDetector {
  readonly recent: readonly number[];
  readonly logWon: number;
}

/** Rows after which a count has faded to 1/e. */
export const driftMemories = [50, 500, 20_000] as const;

/**
 * The most rows that a reference counts for. With more, a difference too small to matter would be found in the end: a
 * value whose population stability index is below about 0.03 stays within what this many rows would explain.
 */
export const maxReferenceRows = 1000;

/**
 * What the false discoveries among drift alarms are held to, for `rejectedByEvidence`: where nothing drifts, one false
 * alarm in a hundred years of a fleet at most, all of its devices and watched values together; detectors begin anew each year.
 */
export const driftAlpha = 0.01;

/** Rows that the idea "like the reference" weighs in the alternative: few, so that it gives way to what is counted. */
const startRows = 10;

/** Before anything was counted. */
export function freshDrift(bins: number): Drift {
  const none = Array.from({ length: bins }, () => 0);
  return { looks: 0, seen: none, detectors: driftMemories.map(() => ({ recent: none, logWon: -Infinity })) };
}

/**
 * Pseudo-counts of the null: the reference's counts with Jeffreys' half in each bin, scaled down to `maxReferenceRows`.
 * A bin that the reference never saw can still come up without being proof of anything.
 */
export function referenceWeights(counts: readonly number[]): readonly number[] {
  const total = counts.reduce((sum, count) => sum + count + 0.5, 0);
  const scale = Math.min(1, maxReferenceRows / total);
  return counts.map((count) => (count + 0.5) * scale);
}

/**
 * Takes in the counts of one look, `reference` from `referenceWeights`, as many bins each. `inflation` ≥ 1 is how many
 * rows are worth one independent row (see docs/decisions/0023); it may depend on earlier looks only.
 */
export function observeDrift(
  drift: Drift,
  counts: readonly number[],
  reference: readonly number[],
  inflation = 1,
): Drift {
  const fresh = counts.map((count) => count / inflation);
  const rows = fresh.reduce((sum, count) => sum + count, 0);
  if (rows === 0) return drift;
  const looks = drift.looks + 1;
  const total = reference.reduce((sum, weight) => sum + weight, 0);
  const expected = logSequence(fresh, (i) => (reference[i] ?? 0) + (drift.seen[i] ?? 0));
  const detectors = drift.detectors.map(({ recent, logWon }, d) => {
    const bet = logSequence(fresh, (i) => (startRows * (reference[i] ?? 0)) / total + (recent[i] ?? 0));
    const fade = Math.exp(-rows / (driftMemories[d] ?? rows));
    return {
      recent: recent.map((count, i) => (count + (fresh[i] ?? 0)) * fade),
      logWon: logSum([logWon, -Math.log(looks * (looks + 1))]) + bet - expected,
    };
  });
  return { looks, seen: drift.seen.map((count, i) => count + (fresh[i] ?? 0)), detectors };
}

/** log E against "nothing drifts": the mean over the memories, with the stake that is kept for later beginnings. */
export function logDrift({ looks, detectors }: Drift): number {
  const kept = -Math.log(looks + 1);
  return logSum(detectors.map(({ logWon }) => logSum([logWon, kept]))) - Math.log(detectors.length);
}

/** log probability of one ordered sequence with these counts under a Dirichlet-multinomial. */
function logSequence(counts: readonly number[], alpha: (bin: number) => number): number {
  let log = 0;
  let rows = 0;
  let weight = 0;
  for (const [i, count] of counts.entries()) {
    const a = alpha(i);
    weight += a;
    rows += count;
    if (count > 0) log += logGamma(a + count) - logGamma(a);
  }
  return log - logGamma(weight + rows) + logGamma(weight);
}

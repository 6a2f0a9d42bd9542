import { logGamma } from './log-gamma.js';

/**
 * Sequential evidence by e-values: non-negative numbers whose expectation is at most 1 while a hypothesis holds, at every
 * look, so that P(ever ≥ 1/α) ≤ α (Ville's inequality). Products of independent ones and averages of any are e-values too.
 * Everything here is in natural logarithms: products over weeks overflow.
 * Sources: Lindon & Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022, arXiv 2011.03567);
 * Howard et al., "Time-uniform Chernoff bounds" (arXiv 1810.08240).
 */

/** Ratios of bad calls, canary to stable, that harm is looked for at: those above what is tolerated. */
export const harmRatios = [1.5, 2, 3, 5, 10, 20] as const;

/** A stake on less than what is tolerated would win by a canary that is good, and call it harm. */
function stakedRatios(tolerated: number): readonly number[] {
  return harmRatios.filter((ratio) => ratio > tolerated);
}

/** Events of one stretch: `canary` of `total` bad calls were the canary's, which has `share` of the opportunities. */
export interface Split {
  readonly epoch: number;
  readonly share: number;
  readonly canary: number;
  readonly total: number;
}

/** θ(r): the probability that a bad call is the canary's when its rate is `ratio` times stable's. */
export function canaryProbability(share: number, ratio: number): number {
  return (share * ratio) / (share * ratio + 1 - share);
}

/** Evidence that a fault exists, and since when. */
export interface HarmEvidence {
  /** Natural logarithm. */
  readonly logE: number;
  /** The epoch of events from which on the evidence is strongest; -1 when nothing speaks for a fault. */
  readonly since: number;
}

/**
 * Evidence against "the canary is at most `tolerated` times as bad": a mixture over the epoch in which a fault may
 * have begun, with weights 1/(k(k+1)), and over `harmRatios`; `tolerated` is below the largest of them. A fault that begins after hours is still seen in a minute.
 */
export function harmEvidence(splits: readonly Split[], tolerated: number): HarmEvidence {
  const steps = epochSteps(splits, tolerated);
  const suffix = stakedRatios(tolerated).map(() => 0);
  const last = steps[0]?.epoch ?? -1;
  // Starts behind the last event: their products are still 1, and so is the weight that is not yet used.
  const terms = [-Math.log(last + 2)];
  let since = -1;
  let most = 0;
  for (const [i, { epoch, logs }] of steps.entries()) {
    for (const [j, log] of logs.entries()) suffix[j] = (suffix[j] ?? 0) + log;
    // Every start after the event before this one, up to this epoch, has this same product.
    const before = steps[i + 1]?.epoch ?? -1;
    const weight = Math.log(1 / (before + 2) - 1 / (epoch + 2));
    const product = logMean(suffix);
    terms.push(weight + product);
    if (product > most) [most, since] = [product, epoch];
  }
  return { logE: logSum(terms), since };
}

/** The logarithm of `harmEvidence`. */
export function logHarm(splits: readonly Split[], tolerated: number): number {
  return harmEvidence(splits, tolerated).logE;
}

/** The most that these events can add to a harm of which they are a part: the largest of their products, of any start and ratio; at least 0. */
export function maxLogProduct(splits: readonly Split[], tolerated: number): number {
  const suffix = stakedRatios(tolerated).map(() => 0);
  let most = 0;
  for (const { logs } of epochSteps(splits, tolerated)) {
    for (const [j, log] of logs.entries()) suffix[j] = (suffix[j] ?? 0) + log;
    most = Math.max(most, ...suffix);
  }
  return most;
}

/** Evidence by epoch, the latest first: one log for each ratio. */
function epochSteps(splits: readonly Split[], tolerated: number): { epoch: number; logs: number[] }[] {
  const byEpoch = new Map<number, number[]>();
  const stakes = new Map<number, Stake[]>();
  const ratios = stakedRatios(tolerated);
  for (const { epoch, share, canary, total } of splits) {
    if (total === 0) continue;
    const logs = byEpoch.get(epoch) ?? ratios.map(() => 0);
    const each = stakes.get(share) ?? ratios.map((ratio) => stakeOf(share, ratio, tolerated));
    for (const [j, { won, lost }] of each.entries()) {
      logs[j] = (logs[j] ?? 0) + canary * won + (total - canary) * lost;
    }
    byEpoch.set(epoch, logs);
    stakes.set(share, each);
  }
  return [...byEpoch].map(([epoch, logs]) => ({ epoch, logs })).sort((a, b) => b.epoch - a.epoch);
}

/** Logarithms of what a bad call multiplies the evidence by: one of the canary's, one of stable's. */
interface Stake {
  readonly won: number;
  readonly lost: number;
}

function stakeOf(share: number, ratio: number, against: number): Stake {
  const p = canaryProbability(share, ratio);
  const q = canaryProbability(share, against);
  return { won: Math.log(p / q), lost: Math.log((1 - p) / (1 - q)) };
}

/** log E for "the canary is less than `limit` times as bad", against the hypothesis that it is as bad as that; ratio 1 is the alternative. */
export function logNonInferior({ share, canary, total }: Omit<Split, 'epoch'>, limit: number): number {
  const { won, lost } = stakeOf(share, 1, limit);
  return canary * won + (total - canary) * lost;
}

/** log E for "fewer than `limit` of the calls are bad": the likelihood of a tenth of the limit over that of the limit. */
export function logBelow(bad: number, calls: number, limit: number): number {
  const q = limit / 10;
  return (calls - bad) * Math.log((1 - q) / (1 - limit)) + bad * Math.log(q / limit);
}

/** log E for "more than `limit` of the calls are bad": a mixture over rates 1.5 to 20 times the limit, as far as they are rates. */
export function logAbove(bad: number, calls: number, limit: number): number {
  const rates = harmRatios.map((ratio) => limit * ratio).filter((rate) => rate < 1);
  if (rates.length === 0) return 0;
  return logMean(rates.map((p) => bad * Math.log(p / limit) + (calls - bad) * Math.log((1 - p) / (1 - limit))));
}

/**
 * log E against "the canary has `share` of these", in both directions: a Beta mixture around the share, as heavy as
 * `priorWeight` events (Beta-binomial). For cells that are neither good nor bad, such as a class.
 */
export function logTwoSided({ share, canary, total }: Omit<Split, 'epoch'>, priorWeight = 20): number {
  const a = share * priorWeight;
  const b = (1 - share) * priorWeight;
  const mixture = logBeta(a + canary, b + total - canary) - logBeta(a, b);
  return mixture - canary * Math.log(share) - (total - canary) * Math.log(1 - share);
}

/** log of the mean of exp(each). */
export function logMean(logs: readonly number[]): number {
  return logSum(logs) - Math.log(logs.length);
}

/** log of the sum of exp(each); -Infinity for none. */
export function logSum(logs: readonly number[]): number {
  const top = Math.max(...logs);
  if (logs.length === 0 || top === -Infinity) return -Infinity;
  let sum = 0;
  for (const log of logs) sum += Math.exp(log - top);
  return top + Math.log(sum);
}

function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/** How many standard deviations of normal noise a median absolute deviation stands for. */
const deviationsPerMad = 1.4826;

/** Residuals further out than this many deviations are left out. */
const outlierDeviations = 3;

/** The middle of finite numbers; NaN for none. */
export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/** The standard deviation about 0 of mostly normal noise, by the median of the distances: up to half of it may be anything. */
export function spreadAboutZero(values: readonly number[]): number {
  return deviationsPerMad * median(values.map(Math.abs));
}

/**
 * The correlation of neighbours, 0 … `most`: the least-squares coefficient of an AR(1) on the residuals without their
 * outliers, which would hide it. NaN marks a gap. `spread` is the residuals' own.
 */
export function neighbourCorrelation(residuals: readonly number[], spread: number, most: number): number {
  const reach = outlierDeviations * spread;
  let products = 0;
  let squares = 0;
  for (let i = 1; i < residuals.length; i++) {
    const before = residuals[i - 1] ?? Number.NaN;
    const after = residuals[i] ?? Number.NaN;
    // Of a gap neither is true.
    if (!(Math.abs(before) <= reach && Math.abs(after) <= reach)) continue;
    products += before * after;
    squares += before * before;
  }
  return squares === 0 ? 0 : Math.max(0, Math.min(most, products / squares));
}

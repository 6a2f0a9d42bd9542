/** Numbers in 0 … 1 from a seed. */
export type Dice = () => number;

/**
 * How many of `n` trials succeed, each with probability `p`: exact. Few expected successes are counted one by one; for
 * more, transformed rejection (Hörmann 1993, "The generation of binomial random variates", algorithm BTRS).
 */
export function binomial(dice: Dice, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(dice, n, 1 - p);
  return n * p < 10 ? bySkipping(dice, n, p) : byRejection(dice, n, p);
}

/** Trials between successes are geometric. */
function bySkipping(dice: Dice, n: number, p: number): number {
  const scale = 1 / Math.log1p(-p);
  let successes = -1;
  for (let at = 0; at <= n; successes++) at += Math.floor(Math.log(1 - dice()) * scale) + 1;
  return successes;
}

function byRejection(dice: Dice, n: number, p: number): number {
  const deviation = Math.sqrt(n * p * (1 - p));
  const b = 1.15 + 2.53 * deviation;
  const a = -0.0873 + 0.0248 * b + 0.01 * p;
  const center = n * p + 0.5;
  const squeeze = 0.92 - 4.2 / b;
  const alpha = (2.83 + 5.1 / b) * deviation;
  const odds = p / (1 - p);
  const mode = Math.floor((n + 1) * p);
  for (;;) {
    const u = dice() - 0.5;
    const v = dice();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + center);
    if (us >= 0.07 && v <= squeeze) return k;
    if (k < 0 || k > n) continue;
    const bound =
      (mode + 0.5) * Math.log((mode + 1) / (odds * (n - mode + 1))) +
      (n + 1) * Math.log((n - mode + 1) / (n - k + 1)) +
      (k + 0.5) * Math.log((odds * (n - k + 1)) / (k + 1)) +
      stirling(mode) +
      stirling(n - mode) -
      stirling(k) -
      stirling(n - k);
    if (Math.log((v * alpha) / (a / (us * us) + b)) <= bound) return k;
  }
}

/** log k! less Stirling's formula, as in the same paper. */
function stirling(k: number): number {
  const small = [
    0.08106146679532726, 0.0413406959554093, 0.02767792568499834, 0.02079067210376509, 0.01664469118982119,
    0.01387612882307075, 0.01189670994589177, 0.01041126526197209, 0.009255462182712733, 0.008330563433362871,
  ][k];
  if (small !== undefined) return small;
  const square = (k + 1) * (k + 1);
  return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1);
}

/** `total` spread over `boxes` equally likely boxes. */
export function spread(dice: Dice, total: number, boxes: number): number[] {
  let rest = total;
  return Array.from({ length: boxes }, (_, i) => {
    const own = binomial(dice, rest, 1 / (boxes - i));
    rest -= own;
    return own;
  });
}

/** The standard normal distribution function (Abramowitz & Stegun 26.2.17, error below 7.5e-8). */
export function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const above = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return z < 0 ? above : 1 - above;
}

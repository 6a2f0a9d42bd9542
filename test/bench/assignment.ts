import { ArmDraw, cohortPosition, wholeShare } from '@bellwether/shared/evidence/assignment';
import { seededDice } from '../support/dice.js';
import { normalBelow } from '../support/random-counts.js';
import { type Bench, type BenchOptions, type BenchResult, median, type Report } from './bench.js';

/** Hundredths of a percent. */
const shares = [1, 10, 100, 500, 2500, 5000, 9500, 9999];
const bins = 256;
const barMicros = 2;

const hex = (dice: () => number) => Array.from({ length: 32 }, () => Math.floor(dice() * 16).toString(16)).join('');

/** One device under one rollout. */
function drawOf(dice: () => number, device: string): ArmDraw {
  return new ArmDraw({ salt: hex(dice), device, runId: hex(dice) });
}

/** Largest difference of a realised share from the one that was asked for, as a part of all calls; and in standard deviations. */
function shareErrors(dice: () => number, calls: number): { readonly error: number; readonly deviations: number } {
  const errors = shares.map((share) => {
    const draw = drawOf(dice, 'cam-1-0123456789abcdef');
    let canary = 0;
    for (let number = 0; number < calls; number++) if (draw.isCanary(share, { number })) canary++;
    const asked = share / wholeShare;
    const error = Math.abs(canary / calls - asked);
    return { error, deviations: error / Math.sqrt((asked * (1 - asked)) / calls) };
  });
  return {
    error: Math.max(...errors.map(({ error }) => error)),
    deviations: Math.max(...errors.map(({ deviations }) => deviations)),
  };
}

/** Keys that leave the canary while its share grows: none may. */
function leavers(dice: () => number, count: number): number {
  const draw = drawOf(dice, 'cam-1-0123456789abcdef');
  let left = 0;
  for (let i = 0; i < count; i++) {
    const assignmentKey = `user-${i}`;
    let was = false;
    for (const share of shares) {
      const is = draw.isCanary(share, { assignmentKey });
      if (was && !is) left++;
      was = is;
    }
  }
  return left;
}

/** Chi-square of the draws over equal bins, as p by Wilson and Hilferty's cube root. */
function uniformity(dice: () => number, calls: number): number {
  const key = hex(dice);
  const counts = new Float64Array(bins);
  for (let i = 0; i < calls; i++) {
    const bin = Math.floor(cohortPosition(key, `cam-${i}-0123456789abcdef`) * bins);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const expected = calls / bins;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const freedom = bins - 1;
  const spread = 2 / (9 * freedom);
  return 1 - normalBelow((Math.cbrt(chiSquare / freedom) - (1 - spread)) / Math.sqrt(spread));
}

/** Microseconds of one draw by request number; beside it one of Math.random, which nobody could repeat. */
function cost(dice: () => number, calls: number): { readonly ours: number; readonly random: number } {
  const draw = drawOf(dice, 'cam-1-0123456789abcdef');
  let hits = 0;
  const startedMs = performance.now();
  for (let number = 0; number < calls; number++) if (draw.isCanary(500, { number })) hits++;
  const oursMs = performance.now() - startedMs;
  const againMs = performance.now();
  for (let number = 0; number < calls; number++) if (Math.random() < 0.05) hits++;
  const randomMs = performance.now() - againMs;
  if (hits === 0) throw new Error('nothing was drawn');
  return { ours: (oursMs * 1000) / calls, random: (randomMs * 1000) / calls };
}

async function run(report: Report, { isQuick, seed = 1009 }: BenchOptions): Promise<BenchResult> {
  const dice = seededDice(seed);
  const calls = isQuick ? 50_000 : 1_000_000;
  const share = shareErrors(dice, calls);
  report(
    `shares of ${calls} calls: off by ${share.error.toExponential(1)}, ${share.deviations.toFixed(1)} deviations at most`,
  );
  const left = leavers(dice, isQuick ? 2000 : 50_000);
  report(`leave while the share grows: ${left}`);
  const chiSquareP = uniformity(dice, calls);
  report(`chi-square over ${bins} bins: p = ${chiSquareP.toFixed(3)}`);
  const rounds = Array.from({ length: 7 }, () => cost(dice, calls / 4));
  const ours = median(rounds.map((round) => round.ours));
  const random = median(rounds.map((round) => round.random));
  const tests = shares.length;
  return {
    figures: {
      maxShareError: share.error,
      maxShareDeviations: share.deviations,
      leavers: left,
      chiSquareP,
      microsecondsPerRequest: ours,
    },
    comparisons: [
      // Beyond 4.5 deviations one of so many shares comes by chance once in 18,000 runs.
      {
        what: `worst of ${tests} shares`,
        ours: share.deviations,
        theirs: 4.5,
        unit: 'deviations',
        ratio: null,
        bar: '≤ 4.5',
        met: share.deviations <= 4.5,
      },
      {
        what: 'keys that leave while the share grows',
        ours: left,
        theirs: 0,
        unit: '',
        ratio: null,
        bar: '= 0',
        met: left === 0,
      },
      {
        what: 'uniformity, chi-square',
        ours: chiSquareP,
        theirs: 0.001,
        unit: 'p',
        ratio: null,
        bar: '≥ 0.001',
        met: chiSquareP >= 0.001,
      },
      {
        what: 'one draw',
        ours,
        theirs: random,
        unit: 'µs',
        ratio: ours / random,
        bar: `≤ ${barMicros} µs`,
        met: ours <= barMicros,
      },
    ],
  };
}

/** Who gets the canary: the right part of the calls, for ever, at no cost. */
export const bench: Bench = {
  name: 'assignment',
  title: 'draws of the canary: realised shares, growth, uniformity, cost',
  comparesWith: 'bar or Math.random',
  run,
};

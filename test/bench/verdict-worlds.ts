import { type Dice, normalBelow } from '../support/random-counts.js';
import type { Rates, SimulatedFleet, SimulatedStratum } from '../support/simulated-rollout.js';

/** Two kinds of hardware with half of the calls each: 50 devices, 200 calls a second. */
const even: readonly SimulatedStratum[] = [
  { name: 'pi', devices: 25, calls: 100 },
  { name: 'jetson', devices: 25, calls: 100 },
];
/** One kind of hardware has 5 % of the calls. */
const uneven: readonly SimulatedStratum[] = [
  { name: 'pi', devices: 45, calls: 190 },
  { name: 'jetson', devices: 5, calls: 10 },
];
const share = 0.05;
const baseErrors = 0.01;
/** Compute times are log-normal with this deviation: 90 % lie within a factor of 3.2 of each other. */
const sigma = 0.35;
/** As devices do it [R-2, agent/telemetry/evidence-slow]: stable is slow above 1.2 times its own quantile, a canary that runs as often above 1.2 times that. */
const fine = Math.log(1.2) / sigma;
/** One that runs seldom: above four times that, in two of the cells. */
const coarse = Math.log(4) / sigma;
const slowCells = [
  ['slow50', 0.5, 0],
  ['slow90', 0.9, 1.2815516],
  ['slow95', 0.95, 1.6448536],
  ['slow99', 0.99, 2.3263479],
] as const;

/** What is wrong with a canary, if anything. Ratios to stable; `from`: second at which it begins. */
export interface Fault {
  readonly errors?: number;
  readonly latency?: number;
  readonly from?: number;
  /** In this stratum only. */
  readonly stratum?: number;
  /** Part of the calls that the canary gets; 5 % by default. */
  readonly share?: number;
}

/** A device takes its limits from 1,000 calls: they are a little off, for both arms alike. */
function limitsOff(dice: Dice): readonly number[] {
  const gauss = Math.sqrt(-2 * Math.log(1 - dice())) * Math.cos(2 * Math.PI * dice());
  return slowCells.map(([, q, z]) => z + (gauss * Math.sqrt(q * (1 - q))) / Math.sqrt(1000) / density(z));
}

function density(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

function slowRates(
  limits: readonly number[],
  { stable, canary, at }: { readonly stable: number; readonly canary: number; readonly at: number },
): Rates {
  const isEven = at >= 0.25 && at <= 0.75;
  const above = (z: number, factor: number) => 1 - normalBelow(z - Math.log(factor) / sigma);
  const cells = (isEven ? slowCells : slowCells.slice(0, 2)).map(([cell], i) => {
    const z = (limits[i] ?? 0) + fine;
    return [cell, [above(z, stable), above(z + (isEven ? fine : coarse), canary)]] as const;
  });
  return Object.fromEntries(cells);
}

/** A fleet under a canary with this fault; an even one without. */
export function faulty(dice: Dice, fault: Fault = {}): SimulatedFleet {
  const limits = even.map(() => limitsOff(dice));
  const at = fault.share ?? share;
  const strata = fault.stratum === undefined ? even : uneven;
  const good = limits.map(
    (each): Rates => ({ error: [baseErrors, baseErrors], ...slowRates(each, { stable: 1, canary: 1, at }) }),
  );
  const bad = limits.map((each): Rates => {
    return {
      error: [baseErrors, baseErrors * (fault.errors ?? 1)],
      ...slowRates(each, { stable: 1, canary: fault.latency ?? 1, at }),
    };
  });
  const { from = 0, stratum: only } = fault;
  const rates = (second: number, stratum: number) =>
    (second > from && (only === undefined || only === stratum) ? bad : good)[stratum] ?? {};
  return { strata, mode: 'split', share: at, rates };
}

/** Every cell of the canary exactly 1.25 times as bad as stable's: the worst that is tolerated. */
export function tolerated(): SimulatedFleet {
  const rates: Rates = {
    error: [baseErrors, 1.25 * baseErrors],
    ...Object.fromEntries(slowCells.map(([cell, q]) => [cell, [1 - q, 1.25 * (1 - q)] as const])),
  };
  return { strata: even, mode: 'split', share, rates: () => rates };
}

/** After ten minutes half of all calls fail in both arms, and the others take three times as long; for five minutes. */
export function outage(dice: Dice): SimulatedFleet {
  const fleet = faulty(dice);
  const limits = even.map(() => limitsOff(dice));
  const bad = limits.map(
    (each): Rates => ({ error: [0.5, 0.5], ...slowRates(each, { stable: 3, canary: 3, at: share }) }),
  );
  const isOut = (second: number) => second > 600 && second <= 900;
  return {
    ...fleet,
    rates: (second, stratum) => (isOut(second) ? (bad[stratum] ?? {}) : fleet.rates(second, stratum)),
  };
}

/** Nothing is ever wrong. */
export function clean(dice: Dice): SimulatedFleet {
  const fleet = faulty(dice);
  return { ...fleet, rates: (second, stratum) => ({ ...fleet.rates(second, stratum), error: [0, 0] }) };
}

/**
 * Shadow calls with labels, twenty a second: on five of a hundred, and what is `lost` beyond them, the canary alone is
 * wrong, on `lost` stable alone is. Where both are right or wrong says nothing.
 */
export function worseLabels(lost: number): SimulatedFleet {
  const rates: Rates = { error: [0, 0], wrong: [lost, lost + 0.05] };
  return { strata: even, mode: 'shadow', share: 0.1, rates: () => rates };
}

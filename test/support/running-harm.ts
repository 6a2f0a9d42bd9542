import { simulatedCells } from './simulated-rollout.js';

const ratios = [1.5, 2, 3, 5, 10, 20];
const weights = { error: 0.35, slow50: 0.05, slow90: 0.1, slow95: 0.05, slow99: 0.05, wrong: 0.2 } as const;
/** Cells that nothing is counted in here, invalid and death: their e-values stay 1. */
const silentWeight = 0.2;

/**
 * E of harm forwards in time, as a second opinion and because a sum over all epochs at each second costs too much: a
 * gambler who puts w_k on a start at epoch k has (what he had + w_k) × the epoch's likelihood ratio at its end.
 */
export class RunningHarm {
  readonly #parts: readonly Part[];
  #epoch = 0;

  constructor(
    strata: number,
    { share, mode, tolerated }: { readonly share: number; readonly mode: string; readonly tolerated: number },
  ) {
    const odds = mode === 'shadow' ? 1 : share / (1 - share);
    const groups = strata > 1 ? Array.from({ length: strata }, (_, i) => i) : [];
    const half = groups.length > 0 ? 0.5 : 1;
    this.#parts = simulatedCells.flatMap((cell, i) => {
      const stakes = ratios.map((ratio) => stakesOf(odds, ratio, tolerated));
      const part = (stratum: number | null, weight: number): Part => {
        return {
          column: 2 * i + 2,
          stratum,
          weight: weight * weights[cell],
          stakes,
          won: ratios.map(() => 0),
          now: ratios.map(() => 0),
        };
      };
      return [part(null, half), ...groups.map((stratum) => part(stratum, half / groups.length))];
    });
  }

  /** Bad calls that were reported in a second, by stratum. */
  add(news: readonly Float64Array[]): void {
    for (const { column, stratum, stakes, now } of this.#parts) {
      let stable = 0;
      let canary = 0;
      for (const [i, counts] of news.entries()) {
        if (stratum !== null && stratum !== i) continue;
        stable += counts[column] ?? 0;
        canary += counts[column + 1] ?? 0;
      }
      if (stable + canary === 0) continue;
      for (let j = 0; j < stakes.length; j++) {
        const { byCanary, byStable } = stakes[j] ?? { byCanary: 0, byStable: 0 };
        now[j] = (now[j] ?? 0) + canary * byCanary + stable * byStable;
      }
    }
  }

  /** The epoch is over. */
  nextEpoch(): void {
    for (const { won, now } of this.#parts) {
      for (let j = 0; j < won.length; j++) {
        won[j] = ((won[j] ?? 0) + weightOf(this.#epoch)) * Math.exp(now[j] ?? 0);
        now[j] = 0;
      }
    }
    this.#epoch++;
  }

  /** E, no logarithm; Infinity when it is beyond all numbers. */
  value(): number {
    // The weight of starts that are still to come, in parts where nothing happens, is 1 with all others.
    const later = 1 / (this.#epoch + 2);
    let sum = silentWeight;
    for (const { weight, won, now } of this.#parts) {
      let mean = 0;
      for (let j = 0; j < won.length; j++) mean += ((won[j] ?? 0) + weightOf(this.#epoch)) * Math.exp(now[j] ?? 0);
      sum += weight * (mean / won.length + later);
    }
    return sum;
  }
}

interface Part {
  readonly column: number;
  readonly stratum: number | null;
  readonly weight: number;
  readonly stakes: readonly { readonly byCanary: number; readonly byStable: number }[];
  /** By the end of the last epoch, for each ratio. */
  readonly won: number[];
  /** Logarithms of this epoch's products. */
  readonly now: number[];
}

function weightOf(epoch: number): number {
  return 1 / ((epoch + 1) * (epoch + 2));
}

function stakesOf(odds: number, ratio: number, tolerated: number): { byCanary: number; byStable: number } {
  const byCanary = Math.log((ratio * (1 + odds * tolerated)) / (tolerated * (1 + odds * ratio)));
  return { byCanary, byStable: Math.log((1 + odds * tolerated) / (1 + odds * ratio)) };
}

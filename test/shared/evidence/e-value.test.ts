import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canaryProbability,
  harmRatios,
  logAbove,
  logBelow,
  logHarm,
  logNonInferior,
  logSum,
  logTwoSided,
  type Split,
} from '@bellwether/shared/evidence/e-value';

/** E by its definition in R-3, in plain numbers: one factor for each event, every start time by itself. */
function plainHarm(splits: readonly Split[], tolerated: number): number {
  const last = Math.max(-1, ...splits.map(({ epoch }) => epoch));
  let value = 1 / (last + 2);
  for (let start = 0; start <= last; start++) {
    const staked = harmRatios.filter((ratio) => ratio > tolerated);
    const products = staked.map((ratio) => {
      let product = 1;
      for (const { epoch, share, canary, total } of splits) {
        if (epoch < start) continue;
        const p = (share * ratio) / (share * ratio + 1 - share);
        const q = (share * tolerated) / (share * tolerated + 1 - share);
        for (let i = 0; i < total; i++) product *= i < canary ? p / q : (1 - p) / (1 - q);
      }
      return product;
    });
    value += products.reduce((sum, product) => sum + product, 0) / products.length / ((start + 1) * (start + 2));
  }
  return value;
}

const split = fc
  .record({ epoch: fc.nat(12), share: fc.constantFrom(0.01, 0.05, 0.5, 0.95), canary: fc.nat(6), stable: fc.nat(9) })
  .map(({ epoch, share, canary, stable }): Split => ({ epoch, share, canary, total: canary + stable }));

function choose(n: number, k: number): number {
  let value = 1;
  for (let i = 0; i < k; i++) value = (value * (n - i)) / (i + 1);
  return value;
}

/** The expectation over `total` bad calls, each the canary's with probability `p`. */
function expectation(total: number, p: number, value: (canary: number) => number): number {
  let sum = 0;
  for (let canary = 0; canary <= total; canary++) {
    sum += choose(total, canary) * p ** canary * (1 - p) ** (total - canary) * Math.exp(value(canary));
  }
  return sum;
}

describe('evidence of harm', () => {
  it('is never made by a canary that is better than stable, however much is tolerated', () => {
    for (const tolerated of [1, 1.25, 1.5, 2, 5]) {
      expect(logHarm([{ epoch: 0, share: 0.5, canary: 48, total: 219 }], tolerated)).toBeLessThan(0);
    }
  });

  it('is what its definition says', () => {
    fc.assert(
      fc.property(fc.array(split, { maxLength: 8 }), (splits) => {
        expect(logHarm(splits, 1.25)).toBeCloseTo(Math.log(plainHarm(splits, 1.25)), 9);
      }),
    );
  });

  it('is 1 without any event, however long it lasts', () => {
    expect(logHarm([], 1.25)).toBe(0);
    expect(logHarm([{ epoch: 80, share: 0.05, canary: 0, total: 0 }], 1.25)).toBe(0);
  });

  it('does not depend on the order, nor on how an epoch is divided', () => {
    fc.assert(
      fc.property(fc.array(split, { maxLength: 8 }), (splits) => {
        const halves = splits.flatMap(({ epoch, share, canary, total }) => [
          { epoch, share, canary, total: canary },
          { epoch, share, canary: 0, total: total - canary },
        ]);
        expect(logHarm(halves.toReversed(), 1.25)).toBeCloseTo(logHarm(splits, 1.25), 9);
      }),
    );
  });

  it.each([0.01, 0.05, 0.5, 0.95])('is expected to be 1 at the tolerated ratio, at a share of %f', (share) => {
    const p = canaryProbability(share, 1.25);
    expect(expectation(30, p, (canary) => logHarm([{ epoch: 3, share, canary, total: 30 }], 1.25))).toBeCloseTo(1, 9);
  });

  it('is expected to be less while the arms are alike, and more when the canary is worse', () => {
    const value = (canary: number) => logHarm([{ epoch: 0, share: 0.05, canary, total: 40 }], 1.25);
    expect(expectation(40, canaryProbability(0.05, 1), value)).toBeLessThan(1);
    expect(expectation(40, canaryProbability(0.05, 5), value)).toBeGreaterThan(10);
  });

  it('sees a fault that begins after six healthy hours almost as soon as one at the start', () => {
    const healthy = Array.from({ length: 72 }, (_, epoch) => ({ epoch, share: 0.05, canary: 30, total: 600 }));
    const needed = (before: readonly Split[], epoch: number) => {
      for (let events = 1; ; events++) {
        const fault = { epoch, share: 0.05, canary: events, total: Math.round(events * 4.8) };
        if (logHarm([...before, fault], 1.25) >= Math.log(100)) return events;
      }
    };
    expect(needed(healthy, 72)).toBeLessThan(3 * needed([], 0));
  });

  it('stays finite over a year of events', () => {
    const year = Array.from({ length: 105_120 }, (_, epoch) => ({ epoch, share: 0.05, canary: 300, total: 600 }));
    expect(Number.isFinite(logHarm(year, 1.25))).toBe(true);
  });
});

describe('other evidence', () => {
  it('of a canary that is not inferior is expected to be 1 at the limit', () => {
    const p = canaryProbability(0.05, 2);
    expect(expectation(40, p, (canary) => logNonInferior({ share: 0.05, canary, total: 40 }, 2))).toBeCloseTo(1, 9);
  });

  it('of a rate below a limit is expected to be 1 at the limit, and 664 clean calls reach 1/0.05', () => {
    expect(expectation(200, 0.005, (bad) => logBelow(bad, 200, 0.005))).toBeCloseTo(1, 9);
    expect(logBelow(0, 663, 0.005)).toBeLessThan(Math.log(20));
    expect(logBelow(0, 664, 0.005)).toBeGreaterThan(Math.log(20));
  });

  it('of a rate above a limit is expected to be 1 at the limit', () => {
    expect(expectation(60, 0.15, (bad) => logAbove(bad, 60, 0.15))).toBeCloseTo(1, 9);
    expect(logAbove(5, 10, 0.9)).toBe(0);
  });

  it('in two directions is expected to be 1 at the share, and grows in both', () => {
    const value = (canary: number) => logTwoSided({ share: 0.3, canary, total: 50 });
    expect(expectation(50, 0.3, value)).toBeCloseTo(1, 9);
    expect(value(0)).toBeGreaterThan(4);
    expect(value(40)).toBeGreaterThan(4);
    expect(value(15)).toBeLessThan(0);
  });

  it('adds up in logarithms without overflow', () => {
    expect(logSum([])).toBe(-Infinity);
    expect(logSum([1000, 1000])).toBeCloseTo(1000 + Math.LN2, 12);
  });
});

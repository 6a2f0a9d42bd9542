import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holm, liftOf, logFisherAbove, type TwoByTwo } from '@bellwether/control-plane/alerts/attribution-fisher';

function choose(n: number, k: number): bigint {
  let ways = 1n;
  for (let i = 1; i <= k; i++) ways = (ways * BigInt(n - k + i)) / BigInt(i);
  return k < 0 || k > n ? 0n : ways;
}

/** The oracle: ways to deal out, counted exactly in whole numbers. */
function exactly({ affected, ofAffected, others, ofOthers }: TwoByTwo): number {
  const having = affected + others;
  let ways = 0n;
  for (let count = affected; count <= ofAffected; count++) {
    ways += choose(ofAffected, count) * choose(ofOthers, having - count);
  }
  return Number((ways * 10n ** 30n) / choose(ofAffected + ofOthers, having)) / 1e30;
}

const table = fc
  .record({ a: fc.nat(40), b: fc.nat(40), c: fc.nat(40), d: fc.nat(40) })
  .map(({ a, b, c, d }): TwoByTwo => {
    return { affected: a, ofAffected: a + b, others: c, ofOthers: c + d };
  });

describe("Fisher's exact test", () => {
  it('counts the ways, as whole numbers do', () => {
    fc.assert(
      fc.property(table, (each) => {
        expect(Math.exp(logFisherAbove(each))).toBeCloseTo(exactly(each), 9);
      }),
    );
  });

  it('knows the lady who tastes tea', () => {
    const tea = (right: number) => logFisherAbove({ affected: right, ofAffected: 4, others: 4 - right, ofOthers: 4 });
    expect(Math.exp(tea(4))).toBeCloseTo(1 / 70, 12);
    expect(Math.exp(tea(3))).toBeCloseTo(17 / 70, 12);
    expect(tea(0)).toBeCloseTo(0, 12);
  });

  it('does not end at the smallest number there is', () => {
    const logP = logFisherAbove({ affected: 2000, ofAffected: 2000, others: 0, ofOthers: 3000 });
    expect(Math.exp(logP)).toBe(0);
    expect(logP).toBeLessThan(-3000);
    expect(Number.isFinite(logP)).toBe(true);
  });
});

describe("Holm's correction", () => {
  it('is that of the textbook', () => {
    const corrected = holm([0.01, 0.04, 0.03, 0.005].map(Math.log)).map(Math.exp);
    for (const [i, p] of [0.03, 0.06, 0.06, 0.02].entries()) expect(corrected[i]).toBeCloseTo(p, 12);
    expect(holm([])).toEqual([]);
  });

  it('never makes a finding surer, keeps the order, and is at most as strict as Bonferroni', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1e-9, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 }), (ps) => {
        const corrected = holm(ps.map(Math.log)).map(Math.exp);
        for (const [i, p] of ps.entries()) {
          expect(corrected[i]).toBeGreaterThanOrEqual(p * (1 - 1e-9));
          expect(corrected[i]).toBeLessThanOrEqual(Math.min(1, p * ps.length) * (1 + 1e-9));
          for (const [j, other] of ps.entries())
            if (p < other) expect(corrected[i]).toBeLessThanOrEqual(corrected[j] ?? 0);
        }
      }),
    );
  });
});

describe('the lift', () => {
  it('is how many times as often, and a number where no other has it', () => {
    expect(liftOf({ affected: 40, ofAffected: 40, others: 400, ofOthers: 4000 })).toBeCloseTo(10, 0);
    expect(liftOf({ affected: 0, ofAffected: 10, others: 0, ofOthers: 10 })).toBe(1);
    expect(liftOf({ affected: 10, ofAffected: 10, others: 0, ofOthers: 100 })).toBeGreaterThan(100);
    expect(liftOf({ affected: 10, ofAffected: 10, others: 0, ofOthers: 0 })).toBeLessThan(2);
  });
});

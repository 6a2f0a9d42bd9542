import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logOutputShift, type OutputCounts } from '@bellwether/control-plane/rollouts/verdict/output-shift';

const counts: fc.Arbitrary<OutputCounts> = fc.record({
  share: fc.constantFrom(0.05, 0.5),
  stable: fc.array(fc.nat(50), { minLength: 3, maxLength: 3 }),
  canary: fc.array(fc.nat(50), { minLength: 3, maxLength: 3 }),
});

const chooseOf = (n: number, k: number): number => (k === 0 ? 1 : (chooseOf(n - 1, k - 1) * n) / k);
const binomial = (n: number, k: number, p: number) => chooseOf(n, k) * p ** k * (1 - p) ** (n - k);

describe('a shift of the outputs', () => {
  it('has E = 1 in expectation while both arms answer alike, by enumeration', () => {
    // 12 answers, 8 of one class and 4 of the other: who gave each is a coin that falls to the canary at 0.3.
    let expectation = 0;
    for (let bits = 0; bits < 2 ** 12; bits++) {
      const canary = [0, 0];
      for (let i = 0; i < 12; i++) if ((bits >> i) & 1) canary[i < 8 ? 0 : 1] = (canary[i < 8 ? 0 : 1] ?? 0) + 1;
      const [a = 0, b = 0] = canary;
      const log = logOutputShift([{ share: 0.3, stable: [8 - a, 4 - b], canary }]);
      expectation += 0.3 ** (a + b) * 0.7 ** (12 - a - b) * Math.exp(log);
    }
    expect(expectation).toBeCloseTo(1, 9);
  });

  it('has E = 1 at most in expectation over devices of different shares, and over pairs of which some were dropped', () => {
    // Three answers of class 0 here and four there: the canary gives 0.5 of the ones and 0.2 of the others.
    let expectation = 0;
    for (let a = 0; a <= 3; a++) {
      for (let b = 0; b <= 4; b++) {
        const log = logOutputShift([
          { share: 0.5, stable: [3 - a], canary: [a] },
          { share: 0.2, stable: [4 - b], canary: [b] },
        ]);
        expectation += binomial(3, a, 0.5) * binomial(4, b, 0.2) * Math.exp(log);
      }
    }
    expect(expectation).toBeLessThanOrEqual(1);
    expect(expectation).toBeGreaterThan(0.9);
  });

  it('has E = 1 at most in expectation where all rows of an answer are of one class: they are one draw', () => {
    const expectation = (rows: number | undefined) => {
      let sum = 0;
      for (let canary = 0; canary <= 12; canary++) {
        const counts = { share: 0.3, stable: [8 * (12 - canary)], canary: [8 * canary] };
        sum +=
          binomial(12, canary, 0.3) * Math.exp(logOutputShift([{ ...counts, ...(rows !== undefined && { rows }) }]));
      }
      return sum;
    };
    expect(expectation(8)).toBeCloseTo(1, 9);
    expect(expectation(undefined)).toBeGreaterThan(10);
  });

  it('is none where a busy device drops shadow calls of its own class', () => {
    // The idle one sees class 0, the busy one class 1 and answers a tenth of it in its shadow.
    const idle = { share: 0.5, stable: [1000, 0], canary: [1000, 0] };
    const busy = { share: 100 / 1100, stable: [0, 1000], canary: [0, 100] };
    expect(logOutputShift([idle, busy])).toBeLessThan(0);
    expect(logOutputShift([idle, { ...idle, canary: [600, 400] }])).toBeGreaterThan(20);
  });

  it('does not depend on the order, nor on how the counts are divided', () => {
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 6 }), (all) => {
        const halves = all.flatMap((each) => [
          { ...each, stable: [0, 0, 0] },
          { ...each, canary: [] },
        ]);
        expect(logOutputShift(halves.toReversed())).toBeCloseTo(logOutputShift(all), 9);
      }),
    );
  });

  it('is none without counts, and without a second arm', () => {
    expect(logOutputShift([])).toBe(0);
    expect(logOutputShift([{ share: 1, stable: [0, 0], canary: [500, 1] }])).toBe(0);
    expect(logOutputShift([{ share: 0, stable: [500, 1], canary: [0, 0] }])).toBe(0);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedCalls, neededCalls, secondsToPass } from '@bellwether/control-plane/rollouts/exposure';
import type { RolloutStep } from '@bellwether/control-plane/rollouts/policy';
import { presets } from '@bellwether/control-plane/rollouts/policy-presets';
import { limitsOf } from '@bellwether/control-plane/rollouts/verdict/evidence-policy';
import { judge } from '@bellwether/control-plane/rollouts/verdict/judge';
import { judgeUnpaired } from '@bellwether/control-plane/rollouts/verdict/unpaired';
import { slowCellsAt } from '@bellwether/shared/evidence/counters';
import { arms, devices, look, segment } from '../../support/fleet-evidence.js';

/** What the judge says of a step in which the canary of each of so many devices has answered so many calls, none of them bad. */
function verdictOf({ mode, share }: RolloutStep, each: number, count: number): string {
  if (mode === 'full') {
    const full = devices(count, []).map(({ device, stratum }) => {
      return { device, stratum, calls: each, bad: 0, overBudget: 0 };
    });
    return judgeUnpaired({ limits: limitsOf({}), devices: full, minCalls: 0, provenStrata: [''], baseline: {} }).value;
  }
  const part = share / 100;
  const quiet = Object.fromEntries(slowCellsAt(part).map((cell) => [cell, arms(0, 0)]));
  const clean = { error: arms(0, 0), invalid: arms(0, 0), death: arms(0, 0), ...(mode === 'split' ? quiet : {}) };
  const stable = mode === 'split' ? Math.round((each * (1 - part)) / part) : each;
  const own = segment({ mode, share: part, calls: arms(stable, each), cells: clean });
  return judge(look(devices(count, [own]))).value;
}

describe.each(Object.entries(presets))('the calls that %s is said to need', (_name, { steps }) => {
  it.each(steps.map((step, i) => [i + 1, step] as const))(
    'are those that the verdict asks for: step %i',
    (_i, step) => {
      const needed = neededCalls(step, limitsOf({}));
      for (const count of [1, 2, 5, 40]) {
        const [less, more] = [Math.floor((needed * 0.99) / count), Math.ceil((needed * 1.01) / count)];
        expect([verdictOf(step, less, count), verdictOf(step, more, count)]).toEqual(['inconclusive', 'pass']);
      }
    },
  );
});

it('a policy that hardly minds errors still needs what slow calls need', () => {
  const step = { mode: 'split', share: 50 } as const;
  expect(neededCalls(step, limitsOf({ maxBadPct: 20 }))).toBe(405);
  expect(neededCalls({ ...step, mode: 'shadow' }, limitsOf({ maxBadPct: 20 }))).toBeLessThan(30);
});

describe('the time that a step takes', () => {
  const traffic = (rates: readonly number[]) => ({ calls: 1000, rates });

  it('is that of the calls that count: one device gives a fifth at most, and more only where there are fewer', () => {
    expect(secondsToPass(traffic([10, 10, 10, 10, 10]))).toBeCloseTo(20, 9);
    expect(secondsToPass(traffic([1000, 10, 10, 10, 10, 10]))).toBeCloseTo(800 / 50, 9);
    expect(secondsToPass(traffic([100, 1]))).toBeCloseTo(500, 6);
    expect(secondsToPass(traffic([10]))).toBeCloseTo(100, 9);
  });

  it('does not wait for devices without calls, and is not known where one alone has some', () => {
    expect(secondsToPass(traffic([10, 10, 0, 0, 0]))).toBeCloseTo(50, 9);
    expect(secondsToPass(traffic([10, 0, 0]))).toBeNull();
    expect(secondsToPass(traffic([0, 0]))).toBeNull();
  });

  it('is when the calls that count are enough, whatever the rates', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 12 }), (rates) => {
        const seconds = secondsToPass(traffic(rates)) ?? Number.NaN;
        expect(countedCalls(traffic(rates), seconds)).toBeCloseTo(1000, 6);
        expect(countedCalls(traffic(rates), seconds * 0.99)).toBeLessThan(1000);
      }),
    );
  });
});

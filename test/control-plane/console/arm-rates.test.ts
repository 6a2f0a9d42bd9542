import { describe, expect, it } from 'vitest';
import { comparisonText, rateOf } from '@bellwether/control-plane/console/arm-rates';
import type { ArmTotals } from '@bellwether/control-plane/http/rollout-api';

const arm = (calls: number, bad: ArmTotals['bad'], labelled = 0): ArmTotals => {
  return { release: null, calls, labelled, bad, compute: null };
};

describe("an arm's rate", () => {
  it('is a part of its calls, of its labelled calls where the truth came, and of nothing for deaths', () => {
    const { error, wrong, death } = { error: 5, wrong: 2, death: 1 };
    const one = arm(1000, { error, wrong, death }, 10);
    expect([rateOf(one, 'error'), rateOf(one, 'wrong'), rateOf(one, 'death')]).toEqual([0.005, 0.2, null]);
    expect(rateOf(arm(0, { error }), 'error')).toBeNull();
  });
});

describe('the comparison', () => {
  it.each([
    [10, 1000, 15, 100, '15 ×'],
    [10, 1000, 3, 100, '3.0 ×'],
    [10, 1000, 0, 100, '0.0 ×'],
    [0, 1000, 3, 100, 'canary only'],
    [0, 1000, 0, 100, '–'],
    [0, 0, 3, 100, '–'],
  ])('of %d in %d with %d in %d is %s', (stableBad, stableCalls, canaryBad, canaryCalls, text) => {
    const stable = arm(stableCalls, { error: stableBad });
    expect(comparisonText(stable, arm(canaryCalls, { error: canaryBad }), 'error')).toBe(text);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultRules, type RuleSetting } from '@bellwether/control-plane/alerts/alert-rule';
import {
  type Condition,
  type Conditions,
  conditionKey,
  evaluate,
  nextCondition,
} from '@bellwether/control-plane/alerts/condition';
import type { Reading } from '@bellwether/control-plane/alerts/reading';

const setting: RuleSetting = {
  isEnabled: true,
  severity: 'warning',
  raise: 10,
  clear: 5,
  forSeconds: 30,
  clearSeconds: 60,
};
const reading = (value: number | null): Reading => ({
  rule: 'error-rate',
  subject: { model: 'm' },
  device: 'd',
  value,
});

/** What becomes of one condition, look by look: seconds and the number, undefined where nobody says one. */
function after(looks: readonly (readonly [seconds: number, value: number | null | undefined])[]) {
  let condition: Condition | undefined;
  for (const [at, value] of looks) {
    const said = value === undefined ? undefined : reading(value);
    condition = nextCondition(condition, { reading: said, setting, nowMs: at * 1000 });
  }
  return condition;
}

describe('nextCondition', () => {
  it('begins when its number has been at the limit for the time, and not before', () => {
    expect(after([[0, 10]])?.phase).toBe('pending');
    expect(
      after([
        [0, 10],
        [29, 11],
      ])?.phase,
    ).toBe('pending');
    expect(
      after([
        [0, 10],
        [30, 11],
      ]),
    ).toMatchObject({ phase: 'on', sinceMs: 0 });
  });

  it('forgets what has begun when the number falls back once', () => {
    expect(
      after([
        [0, 10],
        [20, 9],
        [30, 10],
        [50, 10],
      ])?.phase,
    ).toBe('pending');
  });

  const on = [
    [0, 10],
    [30, 10],
  ] as const;

  it('stays between the two limits, and ends when it was calm for the time', () => {
    expect(after([...on, [1000, 6], [2000, 5]])).toMatchObject({ phase: 'on', calmSinceMs: null });
    expect(after([...on, [40, 4], [99, undefined]])?.phase).toBe('on');
    expect(after([...on, [40, 4], [100, 4]])).toBeUndefined();
  });

  it('begins to count anew when it was calm for too short a time', () => {
    expect(after([...on, [40, 4], [90, 5], [140, 4]])?.phase).toBe('on');
  });

  it('changes nothing while its number cannot be told', () => {
    expect(after([...on, [40, null], [4000, null]])).toEqual(after([...on]));
    expect(after([[0, null]])).toBeUndefined();
  });

  it('takes what is low as bad where the rule says so', () => {
    const expiry = { ...setting, forSeconds: 0, raise: 20, clear: 30 };
    const days = (value: number): Reading => ({ rule: 'certificate-expiry', subject: {}, device: null, value });
    const look = (before: Condition | undefined, value: number) =>
      nextCondition(before, { reading: days(value), setting: expiry, nowMs: 0 });
    expect(look(undefined, 21)).toBeUndefined();
    expect(look(look(undefined, 20), 30)?.calmSinceMs).toBeNull();
    expect(look(look(undefined, 20), 31)?.calmSinceMs).toBe(0);
  });
});

describe('evaluate', () => {
  it('knows nothing of a rule that is off, nor any more', () => {
    const rules = { ...defaultRules, clone: { ...defaultRules.clone, isEnabled: false } };
    const said: Reading = { rule: 'clone', subject: { device: 'd' }, device: 'd', value: 0 };
    const known = evaluate(new Map(), { readings: [said], rules: defaultRules, nowMs: 0 });
    expect(known.size).toBe(1);
    expect(evaluate(known, { readings: [said], rules, nowMs: 1 }).size).toBe(0);
  });

  it('changes each state at most once in the shorter of the two times, whatever the numbers do', () => {
    const looks = fc.array(
      fc.record({
        afterSeconds: fc.integer({ min: 1, max: 40 }),
        value: fc.option(fc.constantFrom(0, 4, 5, 7, 10, 20), { nil: undefined }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(looks, (all) => {
        const rules = { ...defaultRules, 'error-rate': setting };
        let conditions: Conditions = new Map();
        let [nowMs, isOn, changedMs] = [0, false, Number.NEGATIVE_INFINITY];
        for (const { afterSeconds, value } of all) {
          nowMs += afterSeconds * 1000;
          const readings = value === undefined ? [] : [reading(value)];
          conditions = evaluate(conditions, { readings, rules, nowMs });
          const isNow = conditions.get(conditionKey(reading(0)))?.phase === 'on';
          if (isNow === isOn) continue;
          expect(nowMs - changedMs).toBeGreaterThanOrEqual((isNow ? setting.forSeconds : setting.clearSeconds) * 1000);
          [isOn, changedMs] = [isNow, nowMs];
        }
      }),
      { numRuns: 300 },
    );
  });
});

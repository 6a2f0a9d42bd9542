import { describe, expect, it } from 'vitest';
import { callsToPass, everPasses, labelsToFail, watch } from '../bench/verdict-runs.js';
import { clean, faulty, outage, tolerated, worseLabels } from '../bench/verdict-worlds.js';
import { seededDice } from '../support/dice.js';

/** A sample of the bench `verdict`, with its dice fixed: the same rollouts each time. The bars hold for medians; here each one has room. */
const dice = seededDice(2026);
const hour = 3600;

describe('50 simulated devices under a rollout', () => {
  it('with an equal release, or one that is as bad as is tolerated, stay where they are', () => {
    for (let i = 0; i < 3; i++) {
      expect(watch(dice, faulty(dice), { seconds: hour }).failedAt).toBeUndefined();
      expect(watch(dice, tolerated(), { seconds: hour }).failedAt).toBeUndefined();
    }
  });

  it('take nothing back in an outage of both arms', () => {
    expect(watch(dice, outage(dice), { seconds: hour / 2 }).failedAt).toBeUndefined();
  });

  it('take back five times the errors within a minute and a half, three times within five', () => {
    expect(watch(dice, faulty(dice, { errors: 5 }), { seconds: hour }).failedAt).toBeLessThan(90);
    expect(watch(dice, faulty(dice, { errors: 3 }), { seconds: hour }).failedAt).toBeLessThan(300);
  });

  it('take back what is half as slow again within a minute, twice as slow within fifteen seconds, where it has half of the calls', () => {
    expect(watch(dice, faulty(dice, { latency: 1.5, share: 0.5 }), { seconds: hour }).failedAt).toBeLessThan(60);
    expect(watch(dice, faulty(dice, { latency: 2, share: 0.5 }), { seconds: hour }).failedAt).toBeLessThan(15);
  });

  it('take back a fault that begins after two healthy hours as soon as any', () => {
    const from = 2 * hour;
    const { failedAt = 0 } = watch(dice, faulty(dice, { errors: 5, from }), { seconds: from + hour });
    expect(failedAt).toBeGreaterThan(from);
    expect(failedAt).toBeLessThan(from + 180);
  });

  it('let a clean release pass in some two thousand of its calls', () => {
    expect(callsToPass(dice, clean(dice))).toBeLessThan(2500);
  });

  it('never let it pass on the one kind of hardware on which it is broken', () => {
    expect(everPasses(dice, faulty(dice, { errors: 10, stratum: 1 }), 'jetson')).toBe(false);
  });

  it('see five points less of right answers in some hundreds of labels', () => {
    expect(labelsToFail(dice, worseLabels(0))).toBeLessThan(900);
  });
});

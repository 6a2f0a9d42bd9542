import { describe, expect, it } from 'vitest';
import { armsSay } from '@bellwether/control-plane/alerts/attribution-arms';
import { type ArmCount, noCount, type SegmentCounters } from '@bellwether/shared/evidence/counters';
import { seededDice } from '../../support/dice.js';
import { binomial } from '../../support/random-counts.js';

const share = 0.1;
const calls: ArmCount = { stable: 54_000, canary: 6000 };
const segment = (cells: SegmentCounters['cells'], epoch = 0): SegmentCounters => ({
  epoch,
  mode: 'split',
  share,
  calls,
  runnerMs: { stable: 300_000, canary: 300_000 },
  labelled: noCount,
  cells,
  both: {},
});

describe('both arms', () => {
  it('blame the release where only the canary fails, with the counts', () => {
    const { says, sentence } = armsSay([segment({ error: { stable: 5, canary: 40 } })]);
    expect(says).toBe('canary-only');
    expect(sentence).toContain('error in 40 of 6000 calls of the canary, 5 of 54000 of stable (E ≥ 1e');
  });

  it('blame what they run on where both fail alike', () => {
    const { says, sentence } = armsSay([segment({ error: { stable: 5400, canary: 600 } })]);
    expect(says).toBe('both-arms');
    expect(sentence).toContain('error in 600 of 6000 calls of the canary, 5400 of 54000 of stable');
  });

  it('say nothing where little happened, without a canary, or where both are true', () => {
    expect(armsSay([]).says).toBe('unclear');
    expect(armsSay([segment({})]).says).toBe('unclear');
    expect(armsSay([segment({ error: { stable: 9, canary: 1 } })]).says).toBe('unclear');
    expect(armsSay([segment({ error: { stable: 5400, canary: 3000 } })]).says).toBe('unclear');
  });

  it('want more of one cell among many: the worst of them is bad by chance', () => {
    const says = (canary: number, rest: SegmentCounters['cells'] = {}) => {
      return armsSay([segment({ error: { stable: 20, canary }, ...rest })]).says;
    };
    let canary = 1;
    while (says(canary) !== 'canary-only') canary++;
    const rest = {
      invalid: noCount,
      slow50: noCount,
      slow90: noCount,
      slow95: noCount,
      slow99: noCount,
      wrong: noCount,
    };
    expect(says(canary, rest)).toBe('unclear');
    expect(says(canary * 2, rest)).toBe('canary-only');
  });

  it('of a release that is as good blame it in one case of a hundred at most', () => {
    const dice = seededDice(5);
    const blamed = Array.from({ length: 300 }, () => {
      const cells = () => ({
        error: { stable: binomial(dice, calls.stable, 0.001), canary: binomial(dice, calls.canary, 0.001) },
        slow90: { stable: binomial(dice, calls.stable, 0.1), canary: binomial(dice, calls.canary, 0.1) },
      });
      return armsSay([segment(cells(), 0), segment(cells(), 1), segment(cells(), 2)]).says;
    });
    expect(blamed.filter((says) => says === 'canary-only').length).toBeLessThanOrEqual(6);
    expect(blamed.filter((says) => says === 'both-arms').length).toBe(0);
  });

  it('of shadow count what was bad in both for both', () => {
    const shadow: SegmentCounters = {
      ...segment({ error: { stable: 0, canary: 0 } }),
      mode: 'shadow',
      calls: { stable: 6000, canary: 6000 },
      both: { error: 600 },
    };
    expect(armsSay([shadow])).toMatchObject({ says: 'both-arms' });
  });
});

import { describe, expect, it } from 'vitest';
import {
  judgeUnpaired,
  type UnpairedEvidence,
  type UnpairedInput,
} from '@bellwether/control-plane/rollouts/verdict/unpaired';
import { standardLimits } from '../../../support/fleet-evidence.js';

const good: UnpairedEvidence = { device: 'a', stratum: 'pi', calls: 2000, bad: 0, overBudget: 3 };
const fleet = (count: number, changes: Partial<UnpairedEvidence> = {}): UnpairedEvidence[] =>
  Array.from({ length: count }, (_, i) => ({ ...good, device: `d${i}`, ...changes }));

const look = (devices: readonly UnpairedEvidence[], changes: Partial<UnpairedInput> = {}): UnpairedInput => ({
  limits: standardLimits,
  devices,
  minCalls: 0,
  provenStrata: ['pi'],
  baseline: {},
  ...changes,
});

describe('a verdict without a second arm', () => {
  it('passes within its limits, and says that it is unpaired', () => {
    const verdict = judgeUnpaired(look(fleet(4)));
    expect(verdict).toMatchObject({ value: 'pass', passedStrata: ['pi'] });
    expect(verdict.reasons[0]).toMatchObject({ code: 'unpaired-within', stratum: 'pi' });
    expect(verdict.reasons[0]?.text).toMatch(/^unpaired on pi: 0 of 8000/);
  });

  it('fails beyond the limit of bad calls', () => {
    const verdict = judgeUnpaired(look(fleet(4, { bad: 40 })));
    expect(verdict.value).toBe('fail');
    expect(verdict.reasons[0]).toMatchObject({ code: 'unpaired-limit', numbers: { bad: 160, calls: 8000 } });
  });

  it('fails when more than one call in a hundred computes longer than the budget allows', () => {
    const verdict = judgeUnpaired(look(fleet(4, { overBudget: 60 })));
    expect(verdict.value).toBe('fail');
    expect(verdict.reasons[0]?.text).toContain('beyond the budget');
    expect(judgeUnpaired(look(fleet(4, { overBudget: 22 }))).value).toBe('inconclusive');
  });

  it('measures bad calls by what stable usually did, where that is more than the limit', () => {
    const noisy = fleet(4, { bad: 20 });
    const usual = { pi: { bad: 1000, calls: 100_000 } };
    expect(judgeUnpaired(look(noisy)).value).not.toBe('pass');
    expect(judgeUnpaired(look(noisy, { baseline: usual })).value).toBe('pass');
    expect(judgeUnpaired(look(fleet(4, { bad: 90 }), { baseline: usual })).value).toBe('fail');
  });

  it('measures slowness too by what stable usually did: a tight budget is no fault of the release', () => {
    const slow = fleet(4, { overBudget: 50 });
    const usual = (overBudget: number) => ({ pi: { bad: 0, calls: 100_000, overBudget } });
    expect(judgeUnpaired(look(slow)).value).toBe('fail');
    expect(judgeUnpaired(look(slow, { baseline: usual(2500) })).value).toBe('pass');
    expect(judgeUnpaired(look(fleet(4, { overBudget: 120 }), { baseline: usual(2500) })).value).toBe('fail');
  });

  it('holds for a person where no split has passed in the stratum', () => {
    const verdict = judgeUnpaired(look(fleet(4), { provenStrata: ['jetson'] }));
    expect(verdict).toMatchObject({ value: 'inconclusive', passedStrata: [] });
    expect(verdict.reasons[0]).toMatchObject({ code: 'no-evidence', stratum: 'pi' });
  });

  it('gathers until there are calls enough', () => {
    expect(judgeUnpaired(look([])).value).toBe('inconclusive');
    expect(judgeUnpaired(look(fleet(4, { calls: 100, overBudget: 0 }))).value).toBe('inconclusive');
    expect(judgeUnpaired(look(fleet(4), { minCalls: 8001 })).value).toBe('inconclusive');
  });

  it('passes by the word of no device alone, however many good calls it claims', () => {
    const others = fleet(4, { calls: 100, overBudget: 0 });
    const liar = { ...good, device: 'liar', calls: 1_000_000, overBudget: 0 };
    expect(judgeUnpaired(look([...others, liar])).value).toBe('inconclusive');
    expect(judgeUnpaired(look([...others, liar]), 1).value).toBe('pass');
    const slow = fleet(4, { overBudget: 60 });
    expect(judgeUnpaired(look([...slow, liar])).value).not.toBe('pass');
    expect(judgeUnpaired(look([...fleet(4), liar])).value).toBe('pass');
  });

  it('does not wait for devices without calls, where two others have some', () => {
    const silent = ['x', 'y', 'z'].map((device) => ({ ...good, device, calls: 0, overBudget: 0 }));
    const idle = silent.map((each) => ({ ...each, isIdle: true }));
    expect(judgeUnpaired(look([...fleet(2), ...silent])).value).toBe('inconclusive');
    expect(judgeUnpaired(look([...fleet(2), ...idle])).value).toBe('pass');
    expect(judgeUnpaired(look([...fleet(1), ...idle])).value).toBe('inconclusive');
  });

  it('is not made by one device of three', () => {
    const lied = [...fleet(3), { ...good, device: 'liar', bad: 2000 }];
    expect(judgeUnpaired(look(lied)).value).toBe('inconclusive');
    expect(judgeUnpaired(look(lied.slice(2))).value).toBe('fail');
  });
});

import { expect, it } from 'vitest';
import { judge } from '@bellwether/control-plane/rollouts/verdict/judge';
import { arms, device, devices, look, segment } from '../../../support/fleet-evidence.js';
import type { Dice } from '../../../support/random-counts.js';
import { SimulatedRollout } from '../../../support/simulated-rollout.js';

/** Mulberry32. */
function diceOf(seed: number): Dice {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const errors = (canary: number) => segment({ cells: { error: arms(0, canary) } });

it('a device without whose one event there is not enough is no liar: nobody is switched off, and another one is waited for', () => {
  const fleet = devices(4, [errors(1)]);
  const verdict = judge(look(fleet));
  expect(verdict.logHarm).toBeGreaterThan(verdict.logHarmLimit);
  expect(verdict).toMatchObject({ value: 'inconclusive', drop: [], reasons: [{ code: 'single-device' }] });
  expect(verdict.reasons[0]?.text).toContain('another device must show it too');
  // By the rules of version 1, of which bundles are replayed, it was.
  expect(judge(look(fleet), 1).drop).toHaveLength(1);
  expect(judge(look([...fleet, device('d6', [errors(1)]), device('d7', [errors(1)])])).value).toBe('fail');
});

it('is switched off when the others show nothing', () => {
  const verdict = judge(look([device('loud', [errors(6)]), ...devices(5, [errors(0)])]));
  expect(verdict).toMatchObject({ value: 'inconclusive', drop: ['loud'] });
});

it.each([3, 7])(
  'a release that is bad everywhere fails, with the devices off that a verdict has switched off (%i)',
  (seed) => {
    const rates = () => ({ error: [0.005, 0.025] as const });
    const stream = new SimulatedRollout(diceOf(seed), {
      strata: [{ name: 'pi', devices: 10, calls: 20 }],
      mode: 'split',
      share: 0.5,
      rates,
    });
    const off = new Set<string>();
    let value = 'inconclusive';
    while (stream.second < 300 && value !== 'fail') {
      stream.tick();
      const verdict = judge(look(stream.devices().filter((each) => !off.has(each.device))));
      for (const name of verdict.drop) off.add(name);
      value = verdict.value;
    }
    expect(value).toBe('fail');
    expect([...off]).toEqual([]);
  },
);

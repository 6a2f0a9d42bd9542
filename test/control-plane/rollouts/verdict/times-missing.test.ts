import { expect, it } from 'vitest';
import { sumKey, sumOf } from '@bellwether/control-plane/rollouts/evidence-sum';
import { judge } from '@bellwether/control-plane/rollouts/verdict/judge';
import { arms, devices, look, segment } from '../../../support/fleet-evidence.js';
import { quietCells } from '../../../support/quiet-cells.js';

const errors = { error: arms(0, 0), invalid: arms(0, 0), death: arms(0, 0) };
const at = (share: number, cells = {}) =>
  segment({ share, calls: arms(20_000, 20_000), cells: { ...errors, ...cells } });

it('a step with about half of the calls does not pass where nobody can tell slow calls yet, and says so', () => {
  for (const share of [0.25, 0.5, 0.75]) {
    const { value, reasons } = judge(look(devices(4, [at(share)])));
    expect(value).toBe('inconclusive');
    expect(reasons.map(({ code }) => code)).toEqual(['gathering']);
    expect(reasons[0]?.text).toMatch(/^times cannot be compared yet: none of 4/);
    expect(judge(look(devices(4, [at(share, quietCells('split', share * 10_000))]))).value).toBe('pass');
  }
});

it('each stratum has to show its own', () => {
  const timed = devices(3, [at(0.5, quietCells('split', 5000))], 'pi');
  const untimed = devices(3, [at(0.5)], 'jetson').map((each) => ({ ...each, device: `j-${each.device}` }));
  const { value, reasons, passedStrata } = judge(look([...timed, ...untimed]));
  expect([value, passedStrata]).toEqual(['inconclusive', ['pi']]);
  expect(reasons[0]?.stratum).toBe('jetson');
  expect(reasons[0]?.text).toContain('times on jetson');
});

it('a step with few of the calls passes without: it could not tell twice as slow anyway', () => {
  expect(judge(look(devices(4, [at(0.05)]))).value).toBe('pass');
});

it('calls from before slow ones could be told are not added to those after', () => {
  const window = (cells: object) => ({
    window: {
      rollout: 'r1',
      step: 0,
      model: 'digits',
      segment: 1,
      startedAtMs: 0,
      mode: 'split' as const,
      share: 5000,
      stable: 'a'.repeat(64),
      canary: 'b'.repeat(64),
      calls: arms(10, 10),
      runnerMs: arms(0, 0),
      labelled: arms(0, 0),
      cells: { error: arms(0, 0), ...cells },
      both: {},
      slowMicros: {},
    },
    arms: [],
  });
  const keyOf = (cells: object) => sumKey(sumOf(window(cells), 0, 0));
  expect(keyOf({})).toBe(keyOf({}));
  expect(keyOf(quietCells('split', 5000))).not.toBe(keyOf({}));
});

import { describe, expect, it } from 'vitest';
import { modelStandings } from '@bellwether/control-plane/console/model-standing';
import { deviceView, rolloutDevice, rolloutView } from '../../support/operator-views.js';

const catalogue = ['digits@1.0.0', 'digits@1.1.0'];
const before = ['a', 'b', 'c'].map((name) => deviceView(name, '1.0.0'));
const middle = [deviceView('a', '1.1.0'), deviceView('b', '1.0.0'), deviceView('c', '1.0.0')];
const after = ['a', 'b', 'c'].map((name) => deviceView(name, '1.1.0'));

function sentence(...args: Parameters<typeof modelStandings>): string | undefined {
  return modelStandings(...args)[0]?.sentence;
}

describe('how a model stands in the fleet', () => {
  it('counts the devices of each release, the newest first, also those that nobody serves', () => {
    expect(modelStandings(['digits@1.10.0', ...catalogue], middle, [])[0]).toMatchObject({
      model: 'digits',
      devices: 3,
      shares: [
        { release: 'digits@1.10.0', devices: 0 },
        { release: 'digits@1.1.0', devices: 1 },
        { release: 'digits@1.0.0', devices: 2 },
      ],
    });
  });

  it('counts among the devices those that are ordered to serve it and do not yet', () => {
    const ordered = deviceView('d', undefined, { ordered: { epoch: 1, generation: 1, models: { digits: '1.0.0' } } });
    const [standing] = modelStandings(catalogue, [...before, ordered, deviceView('e')], []);
    expect(standing?.devices).toBe(4);
    expect(standing?.sentence).toBe('3 of 4 devices serve 1.0.0.');
  });

  it('keeps models apart', () => {
    const standings = modelStandings(['vad@5.0.0', ...catalogue], before, []);
    expect(standings.map(({ model, devices }) => [model, devices])).toEqual([
      ['digits', 3],
      ['vad', 0],
    ]);
  });

  it('tells the story of a takeover', () => {
    const rollout = rolloutView('1.1.0', {
      devices: [rolloutDevice('a', 'serving'), rolloutDevice('b', 'installing'), rolloutDevice('c', 'ordered')],
    });
    const old = rolloutView('1.0.0', { phase: 'superseded' });
    expect(sentence(catalogue, [], [])).toBe('No device serves it.');
    expect(sentence(catalogue, before.slice(1, 2), [])).toBe('1 device serves 1.0.0.');
    expect(sentence(catalogue, before, [old])).toBe('All 3 devices serve 1.0.0.');
    expect(sentence(catalogue, middle, [rollout, old])).toBe('Moving from 1.0.0 to 1.1.0: 1 of 3 devices there.');
    expect(sentence(catalogue, middle, [])).toBe('2 devices on 1.0.0, 1 device on 1.1.0.');
    expect(sentence(catalogue, after, [{ ...rollout, phase: 'done' }, old])).toBe('All 3 devices serve 1.1.0.');
  });

  it('says which codes hold a rollout, and what serves meanwhile', () => {
    const devices = ['a', 'b', 'c'].map((name) => rolloutDevice(name, 'refused', 'blob-digest'));
    const held = rolloutView('1.1.1', { phase: 'held', devices });
    expect(sentence([...catalogue, 'digits@1.1.1'], after, [held])).toBe(
      '1.1.1 is held: 3 of 3 devices refused it (blob-digest). All 3 devices serve 1.1.0.',
    );
  });

  it('says at which step one in steps is, and what it waits for where it waits for a person', () => {
    const step = {
      cohort: { devices: 2 },
      cohortSize: 2,
      ready: 2,
      failed: 0,
      silent: 0,
      startedAtMs: 0,
      endedAtMs: null,
    } as const;
    const steps = [
      { ...step, mode: 'split', share: 25, state: 'current' },
      { ...step, mode: 'full', share: 100, state: 'ahead' },
    ] as const;
    const staged = rolloutView('1.1.0', { policy: 'custom', step: 0, steps: [...steps] });
    expect(sentence(catalogue, before, [staged])).toBe('Step 1 of 2 to 1.1.0: 25 % of the calls on 2 devices.');
    const reason = { code: 'time-limit', text: 'step 1 has not passed within 60 s' };
    expect(sentence(catalogue, before, [{ ...staged, phase: 'held', reason }])).toBe(
      '1.1.0 is held: step 1 has not passed within 60 s. All 3 devices serve 1.0.0.',
    );
    expect(sentence(catalogue, before, [{ ...staged, phase: 'rolled-back', reason }])).toBe(
      'All 3 devices serve 1.0.0.',
    );
  });

  it('begins a first rollout without a release to come from', () => {
    const rollout = rolloutView('1.0.0', { devices: [rolloutDevice('a', 'ordered')] });
    expect(sentence(catalogue, [deviceView('a')], [rollout])).toBe('Moving to 1.0.0: 0 of 1 device there.');
  });
});

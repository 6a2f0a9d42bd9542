import { afterEach, beforeEach, expect, it } from 'vitest';
import { presets } from '@bellwether/control-plane/rollouts/policy-presets';
import { ConductorWorld } from '../../support/conductor-world.js';

let world: ConductorWorld;
beforeEach(async () => {
  world = await ConductorWorld.start();
  for (const version of ['1.0.0', '1.1.0']) world.catalog.list('digits', version);
});
afterEach(() => world.stop());

const ask = (policy: string) => world.conductor.preview({ release: 'digits@1.1.0', to: { all: true }, policy });

it('says whom a rollout would reach, who cannot and why, what it costs, and what each stratum needs; and begins nothing', async () => {
  const ids: string[] = [];
  for (const [name, hardware] of [
    ['a', 'rpi4'],
    ['b', 'rpi4'],
    ['c', 'x86'],
    ['d', 'x86'],
    ['e', 'x86'],
  ] as const) {
    ids.push(await world.join(name, { hardware }));
  }
  await world.create('digits@1.0.0');
  for (const id of ids) await world.report(id);
  const [first = ''] = ids;
  await world.holds.put(first, { kind: 'excluded', models: {}, by: 'operator:a', why: null, atMs: 0 });
  const preview = ask('fast');
  expect(preview).toMatchObject({
    devices: 5,
    online: 5,
    bytesPerDevice: 1000,
    bytes: 5000,
    policy: 'fast',
    seconds: null,
  });
  expect(preview.cannot).toEqual([{ device: first, why: 'it is excluded' }]);
  expect(preview.steps.map(({ devices }) => devices)).toEqual([2, 3, 4]);
  // Of rpi4 one device is left: too few for a stratum of its own.
  expect(preview.steps[1]?.strata.map(({ stratum, devices }) => [stratum, devices])).toEqual(
    expect.arrayContaining([
      ['', 1],
      ['x86', 2],
    ]),
  );
  for (const { calls } of preview.steps.flatMap(({ strata }) => strata)) expect(calls).toBeGreaterThan(600);
  expect(world.conductor.views()).toHaveLength(1);
  expect(ask('direct')).toMatchObject({ devices: 5, steps: [], bytes: 5000, seconds: 0, notes: [] });
  expect(preview.notes).toEqual([]);
  const policy = { ...presets.fast, failureBudget: undefined };
  expect(world.conductor.preview({ release: 'digits@1.1.0', to: { all: true }, policy }).notes).toEqual([
    expect.stringContaining('no failureBudget'),
  ]);
});

it('refuses what create would refuse', () => {
  expect(() => ask('brave')).toThrow(/there is no policy brave/);
});

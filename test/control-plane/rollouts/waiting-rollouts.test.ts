import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConductorWorld } from '../../support/conductor-world.js';

let world: ConductorWorld;
beforeEach(async () => {
  world = await ConductorWorld.start();
});
afterEach(() => world.stop());

it('who goes no further without a person is said, and why', async () => {
  for (const version of ['1.0.0', '1.1.0']) world.catalog.list('digits', version);
  const id = await world.join('a');
  await world.create('digits@1.0.0');
  await world.report(id);
  await world.create('digits@1.1.0', { policy: 'fast' });
  expect(world.conductor.waiting()).toEqual([]);
  await world.conductor.decide('r2', { action: 'pause', by: 'operator:a', why: 'lunch', keep: false, all: false });
  expect(world.conductor.waiting()).toEqual([
    { id: 'r2', release: 'digits@1.1.0', why: 'paused by operator:a: lunch' },
  ]);
});

import { afterEach, beforeEach, expect, it } from 'vitest';
import { EvidenceStoreSql } from '@bellwether/control-plane/rollouts/evidence-store-sql';
import { ConductorWorld } from '../../support/conductor-world.js';

let world: ConductorWorld;
beforeEach(async () => {
  world = await ConductorWorld.start();
});
afterEach(() => world.stop());

it('counters of a rollout go when it has ended and is old, and not before', async () => {
  for (const version of ['1.0.0', '1.1.0']) world.catalog.list('digits', version);
  const id = await world.join('a');
  await world.create('digits@1.0.0');
  await world.report(id);
  await world.create('digits@1.1.0', { policy: 'fast' });
  await expect.poll(() => world.ordered(id)?.canary).toBeDefined();
  world.window(id, { stable: 1, canary: 1 });
  const store = new EvidenceStoreSql(world.database.sqlite);
  const [soon, now] = [world.clock.now().wallMs + 1000, world.clock.now().wallMs - 60_000];
  store.trim(soon, 100);
  expect(store.of([2])).toHaveLength(1);
  await world.conductor.decide('r2', { action: 'abort', by: 'operator:a', why: null, keep: false, all: false });
  store.trim(now, 100);
  expect(store.of([2])).toHaveLength(1);
  store.trim(soon, 100);
  expect(store.of([2])).toEqual([]);
});

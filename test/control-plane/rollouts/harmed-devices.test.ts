import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { ConductorWorld } from '../../support/conductor-world.js';

const policy: RolloutPolicy = {
  version: 1,
  steps: [
    { cohort: { percent: 100 }, mode: 'split', share: 50 },
    { cohort: { percent: 100 }, mode: 'full', share: 100 },
  ],
};
const errors = (canary: number) => ({ stable: 3000, canary: 3000, errors: { stable: 0, canary } });

let world: ConductorWorld;
let ids: string[];
beforeEach(async () => {
  world = await ConductorWorld.start();
  world.catalog.list('digits', '1.0.0');
  world.catalog.list('digits', '1.1.0');
  ids = [];
  for (const name of ['a', 'b', 'c', 'd']) ids.push(await world.join(name));
  await world.create('digits@1.0.0');
  for (const id of ids) await world.report(id);
  await world.create('digits@1.1.0', { policy });
  for (const id of ids) await world.report(id);
});
afterEach(() => world.stop());

/** Everybody but the first, which is in this state, answers well until the end. */
async function throughAllSteps(state: 'ready' | 'tripped'): Promise<void> {
  for (let round = 0; round < 6; round++) {
    for (const [index, id] of ids.entries()) {
      await world.report(id, index === 0 ? state : 'ready');
      const canary = world.ordered(id)?.canary;
      if (index > 0 && canary !== undefined) {
        world.window(id, { stable: canary.mode === 'full' ? 0 : 3000, canary: 3000 });
      }
    }
    await world.clock.advance(1100);
  }
  expect(world.conductor.view('r2').phase).toBe('done');
}

const served = () => ids.map((id) => world.ordered(id)?.stable.version);

describe('a device that the release did harm on stays on stable when the rollout is done', () => {
  it('where the verdict has switched its canary off', async () => {
    world.window(ids[0] ?? '', errors(400));
    for (const id of ids.slice(1)) world.window(id, errors(0));
    await world.clock.advance(1100);
    await throughAllSteps('ready');
    expect(served()).toEqual(['1.0.0', '1.1.0', '1.1.0', '1.1.0']);
    // What it falls back to is still there.
    expect(world.conductor.view('r1').phase).toBe('done');
    const [first] = world.conductor.view('r2').devices;
    expect(first).toMatchObject({ state: 'off', code: 'single-device' });
  });

  it('where its own breaker has tripped', async () => {
    for (const id of ids.slice(1)) world.window(id, errors(0));
    await throughAllSteps('tripped');
    expect(served()).toEqual(['1.0.0', '1.1.0', '1.1.0', '1.1.0']);
    expect(world.conductor.view('r2').devices[0]).toMatchObject({ state: 'off', code: 'tripped' });
  });
});

it('harm is seen at once by a server whose clock was set back an hour', async () => {
  for (const id of ids) world.window(id, { stable: 100, canary: 100 });
  await world.clock.advance(100);
  world.clock.setWall(world.clock.now().wallMs - 3_600_000);
  for (const id of ids) world.window(id, errors(400));
  await world.clock.advance(1100);
  expect(world.conductor.view('r2')).toMatchObject({ phase: 'rolling-back', reason: { code: 'harm' } });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { countOf } from '@bellwether/shared/evidence/histogram';
import { decodeHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { ConductorWorld } from '../../support/conductor-world.js';

const policy: RolloutPolicy = {
  version: 1,
  steps: [
    { cohort: { percent: 50 }, mode: 'split', share: 50, timeLimitSeconds: 3600 },
    { cohort: { percent: 100 }, mode: 'full', share: 100, holdSeconds: 10 },
  ],
  maxInFlight: 10,
  failureBudget: { percentOfCompleted: 20 },
};

let world: ConductorWorld;
let ids: string[];
beforeEach(async () => {
  world = await ConductorWorld.start();
  world.catalog.list('digits', '1.0.0');
  world.catalog.list('digits', '1.1.0');
  ids = [];
  for (const name of ['a', 'b', 'c', 'd']) ids.push(await world.join(name));
  await world.create('digits@1.0.0');
  await reportAll();
});
afterEach(() => world.stop());

async function reportAll(): Promise<void> {
  for (const id of ids) await world.report(id);
}
const withCanary = () => ids.filter((id) => world.ordered(id)?.canary !== undefined);

it('a device on which stable became slow loses its canary, unless devices without one became slow too', async () => {
  const { id } = await world.create('digits@1.1.0', { policy });
  const startMs = Math.floor(world.clock.now().wallMs);
  await reportAll();
  const [tight = '', ...others] = withCanary();
  const besides = ids.filter((each) => !withCanary().includes(each));
  const calls = (slow: number) => Array.from({ length: 1000 }, (_, i) => (i < slow ? 3000 : 1000));
  const minutes = (slow: number) => {
    for (const each of besides) world.quietMinute(each, calls(slow), startMs);
    // With the next five minutes the ones before are over.
    for (const each of besides) world.quietMinute(each, calls(0), startMs + 300_000);
  };
  const slowed = (slow: number) => ({
    cells: { error: { stable: 0, canary: 0 }, slow90: { stable: slow, canary: 0 } },
  });
  const few = { stable: 1000, canary: 30 };

  for (const each of [...besides, ...others]) world.quietMinute(each, calls(0), startMs - 60_000);
  // Whoever has a canary too is nobody to compare with.
  for (const each of others) world.quietMinute(each, calls(1000), startMs);
  minutes(400);
  world.window(tight, few, slowed(400));
  for (const each of others) world.window(each, few, slowed(0));
  await world.clock.advance(1100);
  const off = () => world.conductor.view(id).devices.flatMap(({ device, state }) => (state === 'off' ? [device] : []));
  expect([world.conductor.view(id).phase, off()]).toEqual(['rolling', []]);

  // Of two thousand calls of the same minutes most are slow here, and a fifth there.
  minutes(0);
  world.window(tight, few, slowed(1000));
  await world.clock.advance(61_000);
  expect([world.conductor.view(id).phase, off()]).toEqual(['rolling', [tight]]);
  await expect.poll(withCanary).toEqual(others);
});

describe('answers that are distributed otherwise', () => {
  const shifted = { stable: [900, 100], canary: [500, 500] };

  it('are counted by calls: the hundred rows of ten images are ten answers', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    await reportAll();
    for (const device of withCanary()) world.answers(device, { stable: [600, 400], canary: [400, 600] }, 100);
    await world.clock.advance(1100);
    expect(world.conductor.view(id).phase).toBe('rolling');
    for (const device of withCanary()) world.answers(device, { stable: [600, 400], canary: [400, 600] });
    await world.clock.advance(1100);
    expect(world.conductor.view(id).phase).toBe('held');
  });

  it('hold it for a person, who may let them be', async () => {
    const { id } = await world.create('digits@1.1.0', { policy });
    await reportAll();
    for (const device of withCanary()) world.answers(device, shifted);
    await world.clock.advance(1100);
    expect(world.conductor.view(id)).toMatchObject({ phase: 'held', reason: { code: 'output-shift' } });
    expect(countOf(decodeHistogram(world.conductor.view(id).arms?.canary.compute ?? ''))).toBeGreaterThan(0);
    await world.conductor.decide(id, { action: 'resume', by: 'operator:a', why: null, keep: false, all: false });
    await world.clock.advance(1100);
    expect(world.conductor.view(id)).toMatchObject({ phase: 'rolling', step: 1 });
  });

  it('hold it in a shadow too, where both arms answer the same calls', async () => {
    const [split, full] = policy.steps;
    if (split === undefined || full === undefined) throw new Error('the policy has steps');
    const steps = [{ ...split, mode: 'shadow' as const, share: 100 }, split, full];
    const { id } = await world.create('digits@1.1.0', { policy: { ...policy, steps } });
    await reportAll();
    for (const device of withCanary()) world.answers(device, { stable: [900, 100], canary: [900, 100] });
    await world.clock.advance(1100);
    expect(world.conductor.view(id)).toMatchObject({ phase: 'rolling', step: 1 });
    await world.conductor.decide(id, { action: 'abort', by: 'operator:a', why: null, keep: false, all: false });
    const again = await world.create('digits@1.1.0', { policy: { ...policy, steps } });
    await reportAll();
    for (const device of withCanary()) world.answers(device, shifted);
    await world.clock.advance(1100);
    expect(world.conductor.view(again.id)).toMatchObject({ phase: 'held', reason: { code: 'output-shift' } });
  });

  it('are nothing where the release says that they are meant', async () => {
    const { manifestDocument } = world.catalog.find('digits', '1.1.0') ?? never();
    world.catalog.list('digits', '1.1.0', { manifestDocument: { ...manifestDocument, outputNeutral: true } });
    const { id } = await world.create('digits@1.1.0', { policy });
    await reportAll();
    for (const device of withCanary()) world.answers(device, shifted);
    await world.clock.advance(1100);
    expect(world.conductor.view(id).step).toBe(1);
  });
});

function never(): never {
  throw new Error('the release is in the catalogue');
}

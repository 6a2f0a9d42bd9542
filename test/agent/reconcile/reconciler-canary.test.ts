import { afterEach, beforeEach, expect, it } from 'vitest';
import { decodeManifest } from '@bellwether/shared/models/manifest';
import { ReconcileWorld } from '../../support/reconcile-world.js';
import { sampleRelease } from '../../support/sample-release.js';

const first = sampleRelease('digits', '1.0.0');
const second = sampleRelease('digits', '1.1.0');

/** A device that serves the first release, and knows the second. */
let device: ReconcileWorld;

beforeEach(async () => {
  device = await ReconcileWorld.open();
  await device.reconciler.start();
  await device.serve(first);
  await device.world.repository.addRelease(second);
});

afterEach(async () => {
  await device.reconciler.stop();
  await device.world.stop();
});

it('installs a canary beside stable, takes its calls away with its lease, and makes it stable with the runner that it has', async () => {
  await device.orderCanary(first, second);
  await device.until(() => device.canaryState() === 'ready');
  expect([device.serving(), device.phaseOf(second)]).toEqual(['1.0.0', 'standby']);
  await device.orderCanary(first, second, { step: 1, share: 5000 });
  await device.until(() => device.canaries.length === 2);
  await device.world.clock.advance(59_999);
  expect(device.canaryState()).toBe('ready');
  await device.world.clock.advance(1);
  expect(device.canaryState()).toBe('lease-over');
  await device.until(() => device.live.trial('digits') === undefined);
  // Signed time has come again: from what is installed here.
  await device.orderCanary(first, second, { step: 2, share: 9500 });
  await device.until(() => device.canaryState() === 'ready');
  await device.order(second);
  await device.untilServing('1.1.0');
  expect(device.phaseOf(second)).toBe('serving');
  expect(device.canaries.map(({ settings }) => settings.share)).toEqual([0, 5000, 9500]);
  // Stable's, and the canary's before and after its lease: no other for another share, and none for the promotion.
  expect(device.engine.runners).toHaveLength(3);
  expect(device.events.map(({ kind }) => kind)).toContain('canary-ready');
});

it('starts a canary that dies again without the network, and after three deaths reverts it for this rollout only', async () => {
  await device.orderCanary(first, second);
  await device.until(() => device.canaryState() === 'ready');
  await device.world.server.stop();
  const isReady = () => device.canaryState() === 'ready';
  for (let death = 1; death <= 2; death++) {
    await device.killCanary();
    await device.until(isReady);
  }
  await device.killCanary();
  expect([device.canaryState(), device.phaseOf(second), device.codeOf(second)]).toEqual([
    'reverted',
    'reverted',
    'runner-deaths',
  ]);
  expect(device.serving()).toBe('1.0.0');
  await device.orderCanary(first, second, { share: 100 });
  expect(device.canaryState()).toBe('reverted');
  await device.orderCanary(first, second, { attempt: 1 });
  expect(device.canaryState()).toBe('installing');
});

const ready = (life: ReconcileWorld) => life.until(() => life.canaryState() === 'ready');

/** The next life of the agent, which has what is on disk: asked to stop it writes that down, otherwise it does not. Signed time comes again. */
async function restart(life: ReconcileWorld, how: 'asked' | 'unasked'): Promise<ReconcileWorld> {
  const atOnce = life.store.records();
  await life.reconciler.stop();
  const records = how === 'asked' ? life.store.records() : atOnce;
  const next = await ReconcileWorld.open({ world: life.world, records });
  await next.reconciler.start();
  await next.untilServing('1.0.0');
  await next.orderCanary(first, second, { leaseSeconds: 86_400 });
  return next;
}

it('counts deaths of a canary over restarts of the agent, and an end of the agent that it may have taken along', async () => {
  await device.orderCanary(first, second, { leaseSeconds: 86_400 });
  await ready(device);
  await device.killCanary();
  await ready(device);
  const asked = await restart(device, 'asked');
  await ready(asked);
  // Within its first minute with calls: the second one.
  const crashed = await restart(asked, 'unasked');
  await ready(crashed);
  await device.world.clock.advance(60_000);
  await crashed.until(() => crashed.store.records().every(({ canary }) => canary?.isFresh !== true));
  // After it: whatever that was, it was not the canary.
  const later = await restart(crashed, 'unasked');
  await ready(later);
  expect(later.store.records().map(({ version, canary }) => [version, canary?.deaths])).toContainEqual(['1.1.0', 2]);
  await later.killCanary();
  expect([later.canaryState(), later.codeOf(second), later.serving()]).toEqual(['reverted', 'runner-deaths', '1.0.0']);
  const told = await restart(later, 'asked');
  expect(told.canaryState()).toBe('reverted');
  await told.reconciler.stop();
});

it('reverts a canary that takes the agent along three times, before it is tried once more', async () => {
  await device.orderCanary(first, second, { leaseSeconds: 86_400 });
  let life = device;
  for (let crash = 1; crash <= 3; crash++) {
    await ready(life);
    life = await restart(life, 'unasked');
  }
  expect([life.canaryState(), life.codeOf(second), life.engine.runners.length]).toEqual([
    'reverted',
    'runner-deaths',
    1,
  ]);
  await life.reconciler.stop();
});

it('remembers over a restart that its breaker switched a canary off', async () => {
  await device.orderCanary(first, second);
  await device.until(() => device.canaryState() === 'ready');
  const model = device.live.trial('digits')?.runner.model;
  if (model === undefined) throw new Error('there is no canary');
  await device.reconciler.canaryTripped(model, 'E = 2e4');
  expect(device.canaryState()).toBe('tripped');
  expect(device.events.at(-1)).toMatchObject({ kind: 'canary-tripped', code: 'canary-tripped', message: 'E = 2e4' });
  await device.reconciler.stop();
  const life = await ReconcileWorld.open({ world: device.world, records: device.store.records() });
  await life.reconciler.start();
  await life.untilServing('1.0.0');
  expect(life.canaryState()).toBe('tripped');
  await life.reconciler.stop();
});

it('says that two have no room, and in a full step takes the canary by an ordinary swap, and back', async () => {
  await device.reconciler.stop();
  const { memoryMb } = decodeManifest(first.manifest).budgets;
  const availableMemory = () => 1.5 * memoryMb * 1024 ** 2;
  const small = await ReconcileWorld.open({
    world: device.world,
    records: device.store.records(),
    parts: { availableMemory },
  });
  await small.reconciler.start();
  await small.untilServing('1.0.0');
  await small.orderCanary(first, second, { share: 5000 });
  await small.until(() => small.canaryState() === 'no-room');
  expect(small.serving()).toBe('1.0.0');
  await small.orderCanary(first, second, { step: 1, mode: 'full', share: 10_000 });
  await small.until(() => small.canaryState() === 'ready');
  expect(small.serving()).toBe('1.1.0');
  await small.order(first);
  await small.untilServing('1.0.0');
  await small.until(() => small.live.trial('digits') === undefined);
  await small.reconciler.stop();
});

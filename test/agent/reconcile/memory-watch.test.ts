import { afterEach, beforeEach, expect, it } from 'vitest';
import { decodeManifest } from '@bellwether/shared/models/manifest';
import { ReconcileWorld } from '../../support/reconcile-world.js';
import { sampleRelease } from '../../support/sample-release.js';

const megabyte = 1024 ** 2;
/** Of ReconcileWorld. */
const floor = 64 * megabyte;
const first = sampleRelease('digits', '1.0.0');
const second = sampleRelease('digits', '1.1.0');
/** What a canary of it needs to come up: twice its budget above the floor. */
const enough = floor + 2 * decodeManifest(second.manifest).budgets.memoryMb * megabyte;

/** A device with a canary, and memory that the test scripts. */
let device: ReconcileWorld;
let available: number;

beforeEach(async () => {
  available = enough;
  device = await ReconcileWorld.open({ parts: { availableMemory: () => available } });
  await device.reconciler.start();
  await device.serve(first);
  await device.world.repository.addRelease(second);
  await device.orderCanary(first, second, { leaseSeconds: 86_400 });
  await device.until(() => device.canaryState() === 'ready');
});

afterEach(async () => {
  await device.reconciler.stop();
  await device.world.stop();
});

const seconds = (count: number) => device.world.clock.advance(count * 1000);

async function dropForMemory(): Promise<void> {
  available = floor - 1;
  await seconds(3);
  await device.until(() => device.live.trial('digits') === undefined);
}

it('takes a canary back when the whole device runs low, says so, and leaves stable as it was', async () => {
  available = floor - 1;
  await seconds(2);
  available = floor;
  await seconds(1);
  available = floor - 1;
  await seconds(2);
  expect(device.canaryState()).toBe('ready');
  await seconds(1);
  await device.until(() => device.live.trial('digits') === undefined);
  expect([device.canaryState(), device.canaryCode(), device.serving()]).toEqual(['no-room', 'memory-low', '1.0.0']);
  expect(device.phaseOf(second)).toBe('standby');
  const told = device.events.at(-1);
  expect(told).toMatchObject({ kind: 'canary-dropped', code: 'memory-low', release: 'digits@1.1.0' });
  expect(told?.message).toContain('63 MB');
});

it('takes it again under a new order, or after a wait that grows, once twice its budget fits above the floor', async () => {
  await dropForMemory();
  available = enough;
  await device.orderCanary(first, second, { step: 1, leaseSeconds: 86_400 });
  await device.until(() => device.canaryState() === 'ready');
  await dropForMemory();
  await seconds(299);
  // The wait is over, and there is as much as the canary itself had: it would be the first to go again.
  available = enough - 1;
  await seconds(1);
  await device.until(() => device.canaryCode() === 'memory-low');
  available = enough;
  await seconds(599);
  expect(device.canaryCode()).toBe('memory-low');
  await seconds(1);
  await device.until(() => device.canaryState() === 'ready');
  await dropForMemory();
  available = enough;
  await seconds(1199);
  expect(device.canaryCode()).toBe('memory-low');
  await seconds(1);
  await device.until(() => device.canaryState() === 'ready');
});

it('in a full step lets the canary’s process take stable’s place: the device holds one, and that is the ordered one', async () => {
  await device.orderCanary(first, second, { step: 1, mode: 'full', share: 10_000, leaseSeconds: 86_400 });
  await device.until(() => device.canaries.length === 2);
  const runners = device.engine.runners.length;
  available = 0;
  await seconds(1);
  await device.until(() => device.serving() === '1.1.0');
  await device.until(() => device.canaryState() === 'ready');
  await seconds(10);
  expect([device.serving(), device.canaryState()]).toEqual(['1.1.0', 'ready']);
  expect(device.engine.runners).toHaveLength(runners);
});

import { afterEach, beforeEach, expect, it } from 'vitest';
import { EvidenceStoreSql } from '@bellwether/control-plane/rollouts/evidence-store-sql';
import { maxCount } from '@bellwether/shared/evidence/counters';
import { ConductorWorld } from '../../support/conductor-world.js';
import { armOf } from '../../support/telemetry-messages.js';

let world: ConductorWorld;
beforeEach(async () => {
  world = await ConductorWorld.start();
});
afterEach(() => world.stop());

it('the largest numbers that a device can say stop neither the windows of others nor the next start', async () => {
  for (const version of ['1.0.0', '1.1.0']) world.catalog.list('digits', version);
  const id = await world.join('a');
  await world.create('digits@1.0.0');
  await world.report(id);
  await world.create('digits@1.1.0', { policy: 'fast' });
  await expect.poll(() => world.ordered(id)?.canary).toBeDefined();
  const entry = world.ordered(id);
  const most = Number.MAX_VALUE;
  // A bucket's count of 2^55: eight bytes of LEB128, the most that is read.
  const buckets = Buffer.from([1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40]).toString('base64');
  const compute = { zero: most, overflow: most, sum: most, buckets };
  const arm = armOf([], {
    manifest: entry?.stable.manifest ?? '',
    segment: 1,
    requests: maxCount,
    compute,
    classes: [Number.MAX_SAFE_INTEGER],
  });
  for (let time = 0; time < 4; time++) {
    world.window(id, { stable: maxCount, canary: maxCount }, { both: { error: maxCount } }, [arm]);
  }
  const [stored] = new EvidenceStoreSql(world.database.sqlite).of([2]);
  expect(stored?.sum).toMatchObject({ calls: { stable: maxCount, canary: maxCount }, both: { error: maxCount } });
  expect(stored?.sum.outputs?.stable?.classes).toEqual([maxCount]);
  expect(stored?.sum.outputs?.stable?.compute.sum).toBe(Number.MAX_SAFE_INTEGER);
  await world.restart();
  expect(world.conductor.view('r2').phase).toBe('rolling');
});

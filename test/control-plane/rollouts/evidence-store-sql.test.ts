import { afterEach, beforeEach, expect, it } from 'vitest';
import { EvidenceStoreSql } from '@bellwether/control-plane/rollouts/evidence-store-sql';
import { maxCount } from '@bellwether/shared/evidence/counters';
import { decodeHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { ConductorWorld } from '../../support/conductor-world.js';
import { armOf } from '../../support/telemetry-messages.js';

let world: ConductorWorld;
beforeEach(async () => {
  world = await ConductorWorld.start();
});
afterEach(() => world.stop());

const most = Number.MAX_VALUE;
/** 2^55: eight bytes of LEB128, the most that is read. */
const number = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40];
const base64 = (bytes: readonly number[]): string => Buffer.from(bytes).toString('base64');
const histograms = [
  ['of version 1', { zero: most, overflow: most, sum: most, buckets: base64([1, ...number]) }],
  ['', base64([...number, ...number, ...number, ...number])],
] as const;

it.each(histograms)(
  'the largest numbers that a device can say, in a histogram %s, stop neither the windows of others nor the next start',
  async (_name, compute) => {
    for (const version of ['1.0.0', '1.1.0']) world.catalog.list('digits', version);
    const id = await world.join('a');
    await world.create('digits@1.0.0');
    await world.report(id);
    await world.create('digits@1.1.0', { policy: 'fast' });
    await expect.poll(() => world.ordered(id)?.canary).toBeDefined();
    const entry = world.ordered(id);
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
    expect(decodeHistogram(stored?.sum.outputs?.stable?.compute ?? '').sum).toBe(Number.MAX_SAFE_INTEGER);
    await world.restart();
    expect(world.conductor.view('r2').phase).toBe('rolling');
  },
);

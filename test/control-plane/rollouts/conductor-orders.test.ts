import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { ConductorWorld } from '../../support/conductor-world.js';
import { OrderWatch } from '../../support/order-watch.js';
import { type Happening, happen, happening } from '../../support/rollout-happenings.js';

const maxInFlight = 2;
const policy: RolloutPolicy = {
  version: 1,
  steps: [
    { cohort: { percent: 50 }, mode: 'split', share: 50, timeLimitSeconds: 600 },
    { cohort: { percent: 100 }, mode: 'split', share: 50, approval: true },
    { cohort: { percent: 100 }, mode: 'full', share: 100 },
  ],
  maxInFlight,
  failureBudget: { devices: 1 },
  silent: { afterSeconds: 60, counts: 'skip' },
  joiners: 'cohort',
};
/** One fleet, and all that happens to it; the first promise that is broken fails it. */
async function lives(happenings: readonly Happening[]): Promise<void> {
  const world = await ConductorWorld.start(':memory:');
  const watch = new OrderWatch(world, maxInFlight);
  try {
    for (const version of ['1.0.0', '1.1.0']) world.catalog.list('digits', version);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) watch.ids.push(await world.join(name));
    await world.create('digits@1.0.0');
    for (const id of watch.ids) await world.report(id);
    await world.create('digits@1.1.0', { policy });
    for (const what of happenings) {
      await happen(what, world, watch);
      await world.settled();
      expect([what, ...watch.problems(what)]).toEqual([what]);
    }
  } finally {
    await world.stop();
  }
}

/** What went wrong once, and what must not. */
const known: readonly Happening[][] = [
  [{ kind: 'canaries go' }, { kind: 'time', seconds: 70 }, { kind: 'time', seconds: 2 }],
  [{ kind: 'canaries kept apart' }, { kind: 'time', seconds: 2 }, { kind: 'all freed' }, { kind: 'time', seconds: 2 }],
  // What they said before they were kept apart says nothing of now.
  [
    { kind: 'all report' },
    { kind: 'all report' },
    { kind: 'canaries kept apart' },
    { kind: 'time', seconds: 2 },
    { kind: 'all freed' },
    { kind: 'time', seconds: 2 },
  ],
  [{ kind: 'all report' }, { kind: 'canaries kept apart' }, { kind: 'all freed' }, { kind: 'time', seconds: 2 }],
  [
    { kind: 'all report' },
    { kind: 'all report' },
    { kind: 'decided', action: 'pause' },
    { kind: 'calls', bad: false },
    { kind: 'time', seconds: 700 },
  ],
  [
    { kind: 'decided', action: 'pause' },
    { kind: 'canaries kept apart' },
    { kind: 'time', seconds: 2 },
    { kind: 'all freed' },
    { kind: 'time', seconds: 2 },
  ],
  [
    { kind: 'all report' },
    { kind: 'decided', action: 'rollback' },
    { kind: 'killed' },
    { kind: 'all report' },
    { kind: 'calls', bad: false },
    { kind: 'joins' },
  ],
  [
    ...[0, 1, 2, 3, 4, 5].map((device) => ({ kind: 'reports', device, state: 'refused' }) as const),
    { kind: 'time', seconds: 2 },
  ],
];

it('whatever happens in whatever order, devices receive no more than a rollout promises', async () => {
  await fc.assert(fc.asyncProperty(fc.array(happening, { minLength: 10, maxLength: 30, size: 'max' }), lives), {
    examples: known.map((happenings): [readonly Happening[]] => [happenings]),
    numRuns: 15,
    endOnFailure: true,
    plugins: [fc.interruptAfterTimeLimit(4000)],
  });
}, 20_000);

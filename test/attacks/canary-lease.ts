import type { Attack } from '../support/attack.js';
import { onDevice } from '../support/attack-on-device.js';
import { attackRelease } from '../support/attack-release.js';
import type { AttackWorld } from '../support/attack-world.js';
import { canaryOrder } from '../support/canary-order.js';
import { orderGateWithout } from '../support/lenient-order-gate.js';
import { modelsOf } from '../support/signed-order.js';

const canary = attackRelease('1.1.0', 'canary');
const leaseSeconds = 60;

/** Its canary is installed and has no calls yet. */
async function ready(world: AttackWorld): Promise<void> {
  await world.repository.addRelease(canary);
  world.tellTime(Date.now());
  await world.send(canaryOrder(world, canary));
  await world.untilReport(({ models }) => models[0]?.canary?.state === 'ready');
}

/** Attacks with the canary of an order. */
export const attacks: readonly Attack[] = [
  onDevice({
    id: 'canary-rollback-withheld',
    row: 'withholds the order that takes a canary back, and lets the server’s signed time through',
    attacker: 'broker',
    code: 'lease-over',
    control:
      'a canary lives on signed server time and the monotonic clock (canaryStanding, agent/reconcile/plan-canary.ts)',
    open: { endlessLease: true },
    before: ready,
    // That the canary has no calls any more is on disk, and rightly.
    genuine: ['installs', 'order'],
    attack: async (world) => {
      await world.send(canaryOrder(world, canary, { mode: 'full', share: 10_000 }));
      await world.untilServed('digits@1.1.0');
      // The director signs the rollback; the broker keeps it to itself.
      world.order({ models: modelsOf(world.first) });
      for (let third = 0; third < 3; third++) {
        world.clock.jump((leaseSeconds * 1000) / 3);
        // Over HTTP, where the broker is not: the time knows of the order that did not come.
        const { generation } = world;
        world.tellTime(world.clock.now().wallMs, undefined, { epoch: 1, generation });
      }
      const state = await world.canaryState();
      if (state === 'ready') return 'passed';
      await world.untilServed('digits@1.0.0');
      await world.untilInstalls('"isFresh":false');
      return state ?? 'none';
    },
  }),
  onDevice({
    id: 'canary-changed-in-flight',
    row: 'makes a split of 5 % a full step inside a signed order, so that every call is the canary’s',
    attacker: 'broker',
    code: 'order-signature',
    control: 'a director of keys/online.json signed it (judgeOrder, agent/trust/order-gate.ts)',
    open: { rules: { order: orderGateWithout('signature') } },
    attack: (world) => {
      const signed = Buffer.from(canaryOrder(world, canary, { share: 500 }));
      const envelope = JSON.parse(signed.toString()) as { readonly payload: string };
      const text = Buffer.from(envelope.payload, 'base64').toString();
      const changed = text.replace('"mode":"split","share":500', '"mode":"full","share":10000');
      const payload = Buffer.from(changed).toString('base64');
      return world.send(Buffer.from(JSON.stringify({ ...envelope, payload })));
    },
  }),
  onDevice({
    id: 'canary-full-in-part',
    row: 'orders a full step with 5 % of the calls: what has no second arm would be told as if it were a split',
    attacker: 'director',
    code: 'order-schema',
    control: 'full is all of the calls (decodeOrder, shared/contract/order.ts)',
    open: { rules: { order: orderGateWithout('schema') } },
    attack: (world) => world.send(canaryOrder(world, canary, { mode: 'full', share: 500 })),
  }),
  onDevice({
    id: 'canary-share-out-of-range',
    row: 'orders a canary with 100.01 % of the calls',
    attacker: 'director',
    code: 'order-schema',
    control: 'shares are 0 to 10,000 hundredths of a percent (OrderedCanary, shared/contract/order.ts)',
    open: { rules: { order: orderGateWithout('schema') } },
    attack: (world) => world.send(canaryOrder(world, canary, { share: 10_001 })),
  }),
];

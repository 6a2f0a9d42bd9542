import type { Attack } from '../support/attack.js';
import { onDevice } from '../support/attack-on-device.js';
import type { AttackWorld } from '../support/attack-world.js';
import { orderGateWithout } from '../support/lenient-order-gate.js';
import { modelsOf } from '../support/signed-order.js';

/** The director's next order, for what serves already. */
async function orderAgain(world: AttackWorld): Promise<void> {
  const code = await world.send(world.order({ models: modelsOf(world.first) }));
  if (code !== 'passed') throw new Error(`a genuine order was refused with ${code}`);
}

const open = { rules: { order: orderGateWithout('newness') } };
const control = '(epoch, generation) only grows (judgeOrder, agent/trust/order-gate.ts)';

/** Attacks with orders that the right director signed, at the wrong time. */
export const attacks: readonly Attack[] = [
  onDevice({
    id: 'order-replay',
    row: 'publishes a recorded order again after a newer one was accepted',
    attacker: 'broker',
    code: 'generation-old',
    control,
    open,
    before: orderAgain,
    attack: (world) => world.send(world.recordedOrder(0)),
  }),
  onDevice({
    id: 'order-older-generation',
    row: 'signs a new order under a generation that is over',
    attacker: 'director',
    code: 'generation-old',
    control,
    open,
    before: orderAgain,
    attack: (world) => world.send(world.order({ models: modelsOf(world.first), generation: 1, issuedAtMs: 1 })),
  }),
  onDevice({
    id: 'order-equivocation',
    row: 'signs two different orders as one generation, one for each half of an audience',
    attacker: 'director',
    code: 'order-equivocation',
    control,
    open,
    attack: (world) => world.send(world.order({ models: modelsOf(world.first), generation: 1, issuedAtMs: 1 })),
  }),
];

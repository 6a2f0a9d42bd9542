import type { Attack } from '../support/attack.js';
import { onDevice } from '../support/attack-on-device.js';
import type { AttackWorld } from '../support/attack-world.js';
import { orderGateWithout } from '../support/lenient-order-gate.js';
import { deviceNamed, modelsOf } from '../support/signed-order.js';
import { newKeyPair } from '../support/signed-repository.js';

const signatures = {
  control: 'a director of keys/online.json signed it (judgeOrder, agent/trust/order-gate.ts)',
  open: { rules: { order: orderGateWithout('signature') } },
};

/** A director's key that will be stolen. */
const stolen = newKeyPair();

/** Before the theft: that key is the director's. */
async function beginWithStolen({ repository }: AttackWorld): Promise<void> {
  repository.keys.director = stolen;
  await repository.setOnlineKeys(1);
  await repository.publish('targets');
}

/** The owner puts another director into keys/online.json, and its first order is accepted. */
async function replaceDirector(world: AttackWorld, epoch: number): Promise<void> {
  const { repository } = world;
  repository.keys.director = newKeyPair();
  await repository.setOnlineKeys(epoch);
  await repository.publish('targets');
  await world.trust.refresh(new AbortController().signal);
  const code = await world.send(world.order({ models: modelsOf(world.first), epoch }));
  if (code !== 'passed') throw new Error(`the new director's order was refused with ${code}`);
}

/** Attacks with orders that nobody with authority over this device signed. */
export const attacks: readonly Attack[] = [
  onDevice({
    id: 'order-planted',
    row: 'plants an order under a key of its own',
    attacker: 'broker',
    code: 'order-signature',
    ...signatures,
    // A key that the device does not know makes it look for newer keys: what it finds is genuine.
    attack: (world) => world.send(world.order({ models: modelsOf(world.first), generation: 99 }, newKeyPair())),
  }),
  onDevice({
    id: 'order-other-device',
    row: 'publishes another device’s order on this device’s topic',
    attacker: 'broker',
    code: 'order-device',
    control: 'device id and key fingerprint (judgeOrder, agent/trust/order-gate.ts)',
    open: { rules: { order: orderGateWithout('device') } },
    attack: (world) => world.send(world.order({ models: modelsOf(world.first), device: deviceNamed('other') })),
  }),
  onDevice({
    id: 'order-stolen-director',
    row: 'runs generations up with a stolen director key, after keys/online.json went on to another epoch without it',
    attacker: 'director',
    code: 'order-signature',
    ...signatures,
    prepare: beginWithStolen,
    before: async (world) => {
      await world.send(world.order({ models: modelsOf(world.first), generation: 5000 }));
      await replaceDirector(world, 2);
    },
    attack: (world) => world.send(world.order({ models: modelsOf(world.first), epoch: 2, generation: 9999 }, stolen)),
  }),
  onDevice({
    id: 'order-retired-director',
    row: 'signs with a director key that keys/online.json of the same epoch no longer names',
    attacker: 'director',
    code: 'order-signature',
    ...signatures,
    prepare: beginWithStolen,
    before: (world) => replaceDirector(world, 1),
    attack: (world) => world.send(world.order({ models: modelsOf(world.first) }, stolen)),
  }),
];

import type { ServerAttack } from '../support/attack-on-server.js';
import { onServer } from '../support/attack-on-server.js';
import type { Patch } from '../support/patched-product.js';
import { publishPacket, subscribePacket } from '../support/raw-mqtt.js';
import type { ServerWorld } from '../support/server-world.js';

const everything: readonly Patch[] = [
  {
    module: 'control-plane/messaging/broker-aedes',
    guard: 'return isAllowed(principal, { action, topic }, { labelsOf, checksDeliveries: true });',
    permissive: 'return true;',
  },
];
const readGuard = 'who may read what (isAllowed, control-plane/messaging/broker-access.ts)';

async function subscribe(world: ServerWorld, topic: string): Promise<string> {
  const { userName } = world.narrow;
  const raw = await world.asNarrow();
  const answer = await raw.ask(subscribePacket(topic));
  raw.cut();
  if (answer === 'suback-1') return 'passed';
  const ask = { userName, clientId: userName, action: 'subscribe', topic } as const;
  const broker = await world.brokerThatAllows(ask);
  return broker === undefined ? answer : `${broker} would allow it`;
}

export const attacks: readonly ServerAttack[] = [
  onServer({
    id: 'wire-consumer-publishes',
    row: 'plants an order for a device, as a consumer, retained',
    attacker: 'network',
    code: 'closed',
    control: 'who may publish what (BrokerAedes.#accept, control-plane/messaging/broker-aedes.ts)',
    patches: [
      {
        module: 'control-plane/messaging/broker-aedes',
        guard: 'void settle(this.#accept(handlers, client, packet), callback);',
        permissive: 'callback(null);',
      },
    ],
    attack: async (world) => {
      const { userName } = world.narrow;
      const topic = world.victim.topic('order');
      const raw = await world.asNarrow();
      const answer = await raw.ask(publishPacket(topic, '{"planted":"by a consumer"}', { retain: true }));
      raw.cut();
      if ((await world.victimsOrder()).includes('by a consumer')) return 'passed';
      const broker = await world.brokerThatAllows({ userName, clientId: userName, action: 'publish', topic });
      return broker === undefined ? answer : `${broker} would allow it`;
    },
  }),
  onServer({
    id: 'wire-consumer-other-kind',
    row: 'subscribes as a consumer of windows to the reports of the fleet',
    attacker: 'network',
    code: 'suback-128',
    control: readGuard,
    patches: everything,
    attack: (world) => subscribe(world, 'bw/v1/+/+/report'),
  }),
  onServer({
    id: 'wire-consumer-other-device',
    row: 'subscribes as a consumer to a device whose labels its grant does not name',
    attacker: 'network',
    code: 'suback-128',
    control: readGuard,
    patches: everything,
    attack: (world) => subscribe(world, world.bystander.topic('window')),
  }),
  onServer({
    id: 'wire-consumer-wide-filter',
    row: 'hears devices beyond its labels, as a consumer, by the wider filter that it may use',
    attacker: 'network',
    code: 'not-delivered',
    control: 'who may read what, before each delivery (isAllowed, control-plane/messaging/broker-access.ts)',
    patches: everything,
    attack: async (world) => {
      const raw = await world.asNarrow();
      await raw.ask(subscribePacket('bw/v1/+/+/window'));
      await world.barrier();
      // What was delivered before the answer to a ping is there by then.
      await raw.ask(Buffer.from([0xc0, 0]));
      raw.cut();
      return raw.messages.some((message) => message.includes(world.bystander.id)) ? 'passed' : 'not-delivered';
    },
  }),
];

import { maxPacketBytes } from '@bellwether/control-plane/messaging/broker-aedes-listener';
import type { ServerAttack } from '../support/attack-on-server.js';
import { onServer } from '../support/attack-on-server.js';
import type { Patch } from '../support/patched-product.js';
import { publishPacket, type RawMqtt } from '../support/raw-mqtt.js';

const anyLength: readonly Patch[] = [
  {
    module: 'control-plane/messaging/packet-limit',
    guard: 'if (this.#length > this.#maxBytes)',
    permissive: 'if (false)',
  },
];
const lengthGuard = 'the length of a packet, before its bytes are there (control-plane/messaging/packet-limit.ts)';

const anyPublish: readonly Patch[] = [
  {
    module: 'control-plane/messaging/broker-aedes',
    guard: 'void settle(this.#accept(handlers, client, packet), callback);',
    permissive: 'callback(null);',
  },
];

async function publish(raw: RawMqtt, bytes: Uint8Array): Promise<string> {
  const answer = await raw.ask(bytes);
  raw.cut();
  return answer === 'puback' || answer === 'packet-5' ? 'passed' : answer;
}

export const attacks: readonly ServerAttack[] = [
  onServer({
    id: 'wire-oversize-packet',
    row: 'sends a window of a megabyte on its own topic',
    attacker: 'one device',
    code: 'closed',
    control: lengthGuard,
    patches: anyLength,
    attack: async (world) =>
      publish(await world.asMallory(), publishPacket(world.mallory.topic('window'), Buffer.alloc(1024 * 1024))),
  }),
  onServer({
    id: 'wire-announced-packet',
    row: 'announces a packet of 256 MB before it logs in, and sends as much as a packet may have',
    attacker: 'network',
    code: 'closed',
    control: lengthGuard,
    patches: anyLength,
    attack: async (world) => {
      const raw = await world.asStranger();
      raw.send(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(maxPacketBytes));
      // The honest traffic goes on meanwhile: a server that would have closed it has done so by then.
      const isKept = await Promise.race([
        raw.untilClosed().then(() => false),
        world
          .barrier()
          .then(() => world.barrier())
          .then(() => true),
      ]);
      raw.cut();
      return isKept ? 'passed' : 'closed';
    },
  }),
  onServer({
    id: 'wire-oversize-topic',
    row: 'publishes on its own topic with 60,000 characters behind it',
    attacker: 'one device',
    code: 'closed',
    control: 'who may publish what: topics are compared whole (publishedBy, control-plane/messaging/topic-access.ts)',
    patches: anyPublish,
    attack: async (world) =>
      publish(await world.asMallory(), publishPacket(`${world.mallory.topic('window')}${'x'.repeat(60_000)}`, '{}')),
  }),
  onServer({
    id: 'wire-qos-2',
    row: 'publishes with QoS 2, whose half-finished handshakes the broker would have to remember',
    attacker: 'one device',
    code: 'closed',
    control: 'QoS 0 and 1 only (BrokerAedes.#accept, control-plane/messaging/broker-aedes.ts)',
    patches: [
      {
        module: 'control-plane/messaging/broker-aedes',
        guard: 'what === undefined || packet.qos > 1',
        permissive: 'what === undefined',
      },
    ],
    attack: async (world) =>
      publish(await world.asMallory(), publishPacket(world.mallory.topic('window'), '{}', { qos: 2 })),
  }),
];

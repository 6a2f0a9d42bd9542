import type { DeviceTopic } from '@bellwether/shared/contract/topics';
import type { ServerAttack } from '../support/attack-on-server.js';
import { onServer } from '../support/attack-on-server.js';
import type { Patch } from '../support/patched-product.js';
import { publishPacket, type RawMqtt, subscribePacket } from '../support/raw-mqtt.js';
import type { HookAsk, ServerWorld } from '../support/server-world.js';
import { bytesOf, eventOf, reportOf, windowOf } from '../support/telemetry-messages.js';

/** Who may publish what: the broker asks before anything is taken, and the hook asks the same. */
const anybodyPublishes: readonly Patch[] = [
  {
    module: 'control-plane/messaging/broker-aedes',
    guard: 'void settle(this.#accept(handlers, client, packet), callback);',
    permissive: 'callback(null);',
  },
];
const publishGuard =
  'who may publish what (BrokerAedes.#accept by publishedBy, control-plane/messaging/topic-access.ts)';

/** Who may read what: asked at each subscription, and again before each delivery. */
const anybodyReads: readonly Patch[] = [
  {
    module: 'control-plane/messaging/broker-aedes',
    guard: 'return isAllowed(principal, { action, topic }, { labelsOf, checksDeliveries: true });',
    permissive: 'return true;',
  },
];
const readGuard = 'who may read what (isAllowed, control-plane/messaging/broker-access.ts)';

/** A message of this kind as the victim would write it, with a mark in it. */
function forged(kind: DeviceTopic, device: string, mark: string): Buffer {
  switch (kind) {
    case 'report':
      return bytesOf(reportOf({ device, bootId: mark }));
    case 'window':
      return bytesOf(windowOf({ device, bootId: mark }));
    case 'event':
      return bytesOf(eventOf({ device, message: mark }));
    case 'presence':
    case 'order':
      return bytesOf({ version: 1, state: 'offline', runId: windowOf().runId, mark });
  }
}

/** Whoever attacks publishes as the victim; refused is the answer, unless an external broker would allow it. */
async function publishAs(world: ServerWorld, raw: RawMqtt, userName: string, kind: DeviceTopic): Promise<string> {
  const topic = world.victim.topic(kind);
  const mark = `planted-${kind}-${userName}`;
  const answer = await raw.ask(publishPacket(topic, forged(kind, world.victim.id, mark), { retain: true }));
  raw.cut();
  const got = kind === 'order' ? await world.victimsOrder() : await world.retained(topic);
  if (got.includes(mark) || (await world.isHeard(mark))) return 'passed';
  return deniedByBrokers(world, { userName, clientId: userName, action: 'publish', topic }, answer);
}

/** The embedded broker's answer, when our hook answers other brokers the same. */
async function deniedByBrokers(world: ServerWorld, ask: HookAsk, answer: string): Promise<string> {
  const broker = await world.brokerThatAllows(ask);
  return broker === undefined ? answer : `${broker} would allow it`;
}

async function subscribeTo(world: ServerWorld, raw: RawMqtt, userName: string, filter: string): Promise<string> {
  const answer = await raw.ask(subscribePacket(filter));
  raw.cut();
  if (answer === 'suback-1') return 'passed';
  return deniedByBrokers(world, { userName, clientId: userName, action: 'subscribe', topic: filter }, answer);
}

const publishing = (kind: DeviceTopic, row: string): ServerAttack =>
  onServer({
    id: `wire-publish-${kind}`,
    row,
    attacker: 'one device',
    code: 'closed',
    control: publishGuard,
    patches: anybodyPublishes,
    attack: async (world) => publishAs(world, await world.asMallory(), world.mallory.id, kind),
  });

const subscribing = (id: string, filter: string): ServerAttack =>
  onServer({
    id,
    row: `subscribes to ${filter}`,
    attacker: 'one device',
    code: 'suback-128',
    control: readGuard,
    patches: anybodyReads,
    attack: async (world) => subscribeTo(world, await world.asMallory(), world.mallory.id, filter),
  });

export const attacks: readonly ServerAttack[] = [
  publishing('order', 'publishes an order on another device’s topic, retained, so that it would wait there'),
  publishing('report', 'reports for another device'),
  publishing('window', 'sends another device’s telemetry'),
  publishing('event', 'tells of something that another device did not do'),
  publishing('presence', 'says that another device is gone, retained'),
  subscribing('wire-subscribe-everything', '#'),
  subscribing('wire-subscribe-orders', 'bw/v1/+/+/order'),
  subscribing('wire-subscribe-system', '$SYS/#'),
  subscribing('wire-subscribe-shared', '$share/fleet/bw/v1/+/+/window'),
  onServer({
    id: 'wire-subscribe-other-order',
    row: 'subscribes to the order of another device',
    attacker: 'one device',
    code: 'suback-128',
    control: readGuard,
    patches: anybodyReads,
    attack: async (world) => subscribeTo(world, await world.asMallory(), world.mallory.id, world.victim.topic('order')),
  }),
];

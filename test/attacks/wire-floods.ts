import type { ConsumerReply } from '@bellwether/control-plane/consumers/consumer-api';
import type { ServerAttack } from '../support/attack-on-server.js';
import { onServer } from '../support/attack-on-server.js';
import { connectPacket, packet, publishPacket, subscribePacket } from '../support/raw-mqtt.js';
import type { ServerWorld } from '../support/server-world.js';

/** More than may wait to log in (control-plane/messaging/connection-limits.ts). */
const halfOpen = 1050;
/** Some 42 MB: more than the kernel keeps for one connection on its way. */
const frozenMessages = 170;
const frozenBytes = 250_000;
/** How long the broker waits for one connection (control-plane/messaging/broker-aedes.ts), and a little. */
const patienceMs = 6500;

/** Half of them say nothing, the others begin a CONNECT that does not end. */
async function floodHalfOpen(world: ServerWorld): Promise<string> {
  const begun = packet(0x10, Buffer.alloc(20)).subarray(0, 12);
  const opened = await Promise.all(
    Array.from({ length: halfOpen }, async (_, i) => {
      const raw = await world.asStranger();
      if (i % 2 === 0) raw.send(begun);
      return raw;
    }),
  );
  const isIn = await world.isLetBackIn();
  // What the server has ended is seen to have ended here as well.
  await world.barrier();
  const code = opened.some(({ isClosed }) => isClosed) ? 'closed' : 'kept';
  for (const raw of opened) raw.cut();
  return isIn ? code : 'passed';
}

/** A consumer reads nothing of what an accomplice sends it; the honest go on, and it is gone when it looks again. */
async function freeze(world: ServerWorld): Promise<string> {
  const grant = { kinds: ['window'], labels: { site: 'm' } };
  const { userName, password } = await world.server.read<ConsumerReply>('/consumers', { name: 'frozen', grant });
  const window = world.mallory.topic('window');
  const frozen = await world.asStranger();
  await frozen.ask(connectPacket({ clientId: userName, userName, password }));
  const granted = await frozen.ask(subscribePacket(window));
  if (granted !== 'suback-1') return granted;
  frozen.socket.pause();
  const accomplice = await world.asMallory();
  const message = publishPacket(window, Buffer.alloc(frozenBytes, 'x'));
  for (let i = 0; i < frozenMessages; i++) await accomplice.ask(message);
  const isIn = await world.isLetBackIn();
  const startedMs = performance.now();
  while (performance.now() - startedMs < patienceMs) await world.barrier();
  frozen.socket.resume();
  const answer = await frozen.ask(Buffer.from([0xc0, 0]));
  for (const raw of [frozen, accomplice]) raw.cut();
  return isIn && answer !== 'pingresp' ? answer : 'passed';
}

export const attacks: readonly ServerAttack[] = [
  onServer({
    id: 'wire-flood-half-open',
    row: 'holds more connections open than may wait, and logs in on none, so that no device gets in',
    attacker: 'network',
    code: 'closed',
    control: 'who has waited longest makes room (control-plane/messaging/connection-limits.ts)',
    patches: [
      {
        module: 'control-plane/messaging/connection-limits',
        guard: 'const [evicted] = this.#waiting.size >= maxWaiting ? this.#waiting : [];',
        permissive: "const evicted = undefined; if (this.#waiting.size >= maxWaiting) return { refusal: 'too-fast' };",
      },
    ],
    attack: floodHalfOpen,
  }),
  onServer({
    id: 'wire-slow-reader',
    row: 'reads nothing of what an accomplice sends for it, as a consumer, so that the broker keeps all of it and waits',
    attacker: 'one device',
    code: 'closed',
    control: 'how long the broker waits for one connection (limits, control-plane/messaging/broker-aedes.ts)',
    isSlow: true,
    // The account, and what the accomplice sent, which nobody can read.
    genuine: ['audit_rows', 'consumers', 'rejected'],
    patches: [
      {
        module: 'control-plane/messaging/broker-aedes',
        guard: 'drainTimeout: 5000,',
        permissive: 'drainTimeout: 60000,',
      },
    ],
    attack: freeze,
  }),
];

import type { ServerAttack } from '../support/attack-on-server.js';
import { onServer } from '../support/attack-on-server.js';
import { packet } from '../support/raw-mqtt.js';
import type { ServerWorld } from '../support/server-world.js';

/** More than may wait to log in (control-plane/messaging/connection-limits.ts). */
const halfOpen = 1050;
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
  const code = opened.some(({ isClosed }) => isClosed) ? 'closed' : 'kept';
  for (const raw of opened) raw.cut();
  return isIn ? code : 'passed';
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
];

import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import type { ServerAttack } from '../support/attack-on-server.js';
import { onServer } from '../support/attack-on-server.js';
import { FleetDevice } from '../support/fleet-device.js';
import type { Patch } from '../support/patched-product.js';
import type { ServerWorld } from '../support/server-world.js';

/** More than one address may get wrong at once (control-plane/fleet/device-rates.ts). */
const guesses = 60;

const endless: readonly Patch[] = [
  {
    module: 'control-plane/fleet/device-rates',
    guard: 'refuse(this.#failures.take(networkOf(address), nowMs), `failed attempts from ${address}`);',
    permissive: '',
  },
];
const rateGuard = 'how often one address may be wrong (DeviceRates.failed, control-plane/fleet/device-rates.ts)';

/** What somebody hears who asks so often; `passed` when nobody slows them down. */
async function ask(request: (i: number) => Promise<Response>): Promise<string> {
  let slowed = 0;
  for (let i = 0; i < guesses; i++) {
    const reply = await request(i);
    const { code } = (await reply.json()) as { readonly code?: string };
    if (reply.status === 429 && code === 'device-rate' && Number(reply.headers.get('retry-after')) > 0) slowed++;
  }
  // Some are let through while the others are counted.
  return slowed > guesses / 4 ? 'device-rate' : 'passed';
}

/** The honest ones share the address of whoever guesses, and are let in all the same. */
async function afterwards(world: ServerWorld, code: string): Promise<string> {
  return (await world.isLetBackIn()) ? code : 'the honest device is kept out';
}

export const attacks: readonly ServerAttack[] = [
  onServer({
    id: 'wire-guessed-join-tokens',
    row: 'guesses join tokens, as fast as it can',
    attacker: 'network',
    code: 'device-rate',
    control: rateGuard,
    patches: endless,
    attack: async (world) => {
      const device = new FleetDevice(() => world.server.httpUrl, 'guesser');
      return afterwards(
        world,
        await ask((i) => device.post('/enrolments', device.enrolmentBody(`bwj_${String(i).padStart(32, '0')}`))),
      );
    },
  }),
  onServer({
    id: 'wire-guessed-sessions',
    row: 'asks for sessions of a device without its key, as fast as it can, which must neither lock the device out nor fill the audit log',
    attacker: 'network',
    code: 'device-rate',
    control: rateGuard,
    patches: endless,
    // One row for all of them.
    genuine: ['audit_rows'],
    attack: async (world) => {
      const forger = world.commuter.withKey(generateKeyPair());
      const nonce = await forger.nonce();
      return afterwards(world, await ask(() => forger.post('/sessions', forger.sessionBody(nonce))));
    },
  }),
  onServer({
    id: 'wire-many-sessions',
    row: 'opens one session after the other, each with a signature that the server has to check and one that it has to make',
    attacker: 'one device',
    code: 'device-rate',
    control: 'how often one device may open a session (DeviceRates.opensSession, control-plane/fleet/device-rates.ts)',
    patches: [
      {
        module: 'control-plane/fleet/device-rates',
        guard: 'refuse(this.#sessions.take(device, nowMs), `sessions of ${device}`);',
        permissive: '',
      },
    ],
    attack: async (world) => {
      const { mallory } = world;
      const code = await ask(async () => mallory.post('/sessions', mallory.sessionBody(await mallory.nonce())));
      return afterwards(world, code);
    },
  }),
];

import type { Attack } from '../support/attack.js';
import { onDevice } from '../support/attack-on-device.js';
import { attackRelease } from '../support/attack-release.js';
import { tufWithout } from '../support/lenient-tuf-core.js';
import { newKeyPair } from '../support/signed-repository.js';

const evil = attackRelease('6.6.6', 'evil');

/** Attacks with metadata that the wrong keys signed. */
export const attacks: readonly Attack[] = [
  onDevice({
    id: 'tuf-arbitrary-software',
    row: 'lists a model of its own in both roles, signed by a key of its own',
    attacker: 'server with all online keys',
    code: 'not-listed',
    control: 'signatures of delegated roles (agent/trust/repository-tuf-core.ts)',
    open: { update: tufWithout('signatures'), runner: true },
    genuine: ['order', 'snapshot', 'timestamp'],
    attack: async (world) => {
      world.repository.leaf('staging-digits').signers = [newKeyPair()];
      world.repository.leaf('production-digits').signers = [newKeyPair()];
      await world.repository.addRelease(evil);
      return world.offer(evil);
    },
  }),
];

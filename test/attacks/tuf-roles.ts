import { findListing } from '@bellwether/agent/trust/listing';
import type { TrustRules } from '@bellwether/agent/trust/trust-rules';
import type { Attack } from '../support/attack.js';
import { onDevice } from '../support/attack-on-device.js';
import { evilRelease } from '../support/attack-release.js';
import { newKeyPair, roleOf, targetOf, tufKeys } from '../support/signed-repository.js';

const evilPath = `production/digits/${evilRelease.version}/manifest.json`;

/** Looks a path up as TUF does: in top-level targets first, and then nobody else is asked. */
const walkingListing: TrustRules['listing'] = (release, sources) => {
  const { model, version } = release;
  const found = sources.targets.signed.targets[`production/${model}/${version}/manifest.json`];
  if (found === undefined) return findListing(release, sources);
  return { model, version, sha256: found.hashes.sha256, bytes: found.length };
};

/** Attacks with role files that say more than their role may. */
export const attacks: readonly Attack[] = [
  onDevice({
    id: 'tuf-role-under-other-name',
    row: 'serves a file that its publisher signed as staging-vad in the place of staging-digits, to a staging device',
    attacker: 'server with all online keys',
    code: 'listing-policy',
    control: 'a role names itself (leafProblem, shared/trust/listing-policy.ts)',
    world: { stage: 'staging' },
    open: { rules: { leaf: () => undefined }, runner: true },
    genuine: ['order', 'snapshot', 'timestamp'],
    attack: async (world) => {
      world.repository.leaf('staging-digits').signed['x-bw-role'] = 'staging-vad';
      await world.repository.addRelease({ ...evilRelease, production: false });
      return world.offer(evilRelease);
    },
  }),
  onDevice({
    id: 'tuf-top-level-path',
    row: 'has top-level targets list a production path, which TUF clients find before any role is asked',
    attacker: 'director + publisher',
    code: 'listing-policy',
    control:
      'top-level targets list keys/online.json only, and a path is looked up in its role (agent/trust/listing.ts)',
    open: { rules: { targets: () => undefined, listing: walkingListing }, runner: true },
    genuine: ['order'],
    attack: async (world) => {
      const { repository } = world;
      repository.targets.signed.targets[evilPath] = targetOf(evilRelease.manifest);
      await repository.publish('targets');
      await repository.addRelease({ ...evilRelease, production: false });
      return world.offer(evilRelease);
    },
  }),
  onDevice({
    id: 'tuf-leaf-delegates',
    row: 'lets a role file delegate on to a key that nobody knows, for a staging device',
    attacker: 'one publisher',
    code: 'listing-policy',
    control: 'a role delegates nothing (leafProblem, shared/trust/listing-policy.ts)',
    world: { stage: 'staging' },
    open: { rules: { leaf: () => undefined }, runner: true },
    genuine: ['order', 'snapshot', 'timestamp'],
    attack: async (world) => {
      const key = newKeyPair();
      const role = { name: 'anybody', ...roleOf([key]), terminating: false, paths: ['staging/digits/*/manifest.json'] };
      world.repository.leaf('staging-digits').signed.delegations = { keys: tufKeys([key]), roles: [role] };
      await world.repository.addRelease({ ...evilRelease, production: false });
      return world.offer(evilRelease);
    },
  }),
];

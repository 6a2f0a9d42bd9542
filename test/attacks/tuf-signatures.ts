import type { Attack } from '../support/attack.js';
import { onDevice } from '../support/attack-on-device.js';
import { attackRelease, evilRelease } from '../support/attack-release.js';
import type { AttackWorld } from '../support/attack-world.js';
import { tufWithout } from '../support/lenient-tuf-core.js';
import { keyIdOf, newKeyPair, roleOf, tufKeys } from '../support/signed-repository.js';

/** The neutral point of the curve: with R the same point and S = 0, "its signature" over every message holds. */
const neutralPoint = `01${'00'.repeat(31)}`;

/** Both roles of digits delegated to keys of the attacker's own, and his release listed in both. */
async function delegateToAttacker({ repository }: AttackWorld): Promise<void> {
  for (const name of ['staging-digits', 'production-digits']) {
    const key = newKeyPair();
    Object.assign(repository.targets.signed.delegations?.keys ?? {}, tufKeys([key]));
    Object.assign(repository.delegation(name), roleOf([key]));
    repository.leaf(name).signers = [key];
  }
  await repository.publish('targets');
  await repository.addRelease(evilRelease);
}

/** Attacks with metadata that wrong, revoked or unsound keys signed. */
export const attacks: readonly Attack[] = [
  onDevice({
    id: 'tuf-arbitrary-software',
    row: 'lists a model of its own in both roles, signed by a key of its own',
    attacker: 'server with all online keys',
    code: 'not-listed',
    control: 'signatures of metadata (agent/trust/repository-tuf-core.ts)',
    open: { update: tufWithout('signatures'), runner: true },
    genuine: ['order', 'snapshot', 'timestamp'],
    attack: async (world) => {
      world.repository.leaf('staging-digits').signers = [newKeyPair()];
      world.repository.leaf('production-digits').signers = [newKeyPair()];
      await world.repository.addRelease(evilRelease);
      return world.offer(evilRelease);
    },
  }),
  onDevice({
    id: 'tuf-wrong-keys',
    row: 'signs targets.json, which delegates to keys of its own, with the keys of snapshot and timestamp',
    attacker: 'server with all online keys',
    code: 'metadata-refused',
    control: 'signatures of metadata (agent/trust/repository-tuf-core.ts)',
    open: { update: tufWithout('signatures'), runner: true },
    genuine: ['order'],
    attack: async (world) => {
      const { keys, targets } = world.repository;
      targets.signers = [keys.snapshot, keys.timestamp];
      await delegateToAttacker(world);
      return world.offer(evilRelease);
    },
  }),
  onDevice({
    id: 'tuf-threshold-two-ids',
    row: 'meets the threshold of 2 with one stolen targets key, which a careless root names under two ids',
    attacker: 'server with all online keys',
    code: 'listing-policy',
    control: 'distinct keys of a root (rootProblem, shared/trust/listing-policy.ts)',
    open: { rules: { root: () => undefined }, runner: true },
    genuine: ['order'],
    attack: async (world) => {
      const { repository } = world;
      const [key = newKeyPair()] = repository.keys.targets;
      const alias = 'cd'.repeat(32);
      const { roles, keys } = repository.root.signed;
      Object.assign(keys, { [alias]: Object.values(tufKeys([key]))[0] });
      roles.targets.keyids = [keyIdOf(key), alias];
      await repository.publish('root');
      repository.targets.signers = [key, { ...key, keyid: alias }];
      await delegateToAttacker(world);
      return world.offer(evilRelease);
    },
  }),
  onDevice({
    id: 'tuf-small-order-key',
    row: 'forges the approval under a key of small order, which careless targets delegate to',
    attacker: 'director + publisher',
    code: 'listing-policy',
    control: 'sound delegated keys (targetsProblem, shared/trust/listing-policy.ts)',
    open: { rules: { targets: () => undefined }, runner: true },
    genuine: ['order'],
    attack: async (world) => {
      const { repository } = world;
      const forger = { publicKey: neutralPoint, seed: '', signature: neutralPoint + '00'.repeat(32) };
      Object.assign(repository.targets.signed.delegations?.keys ?? {}, tufKeys([forger]));
      repository.delegation('production-digits').keyids.push(keyIdOf(forger));
      await repository.publish('targets');
      repository.leaf('production-digits').signers = [forger];
      await repository.addRelease(evilRelease);
      return world.offer(evilRelease);
    },
  }),
  onDevice({
    id: 'tuf-publisher-revoked',
    row: 'signs the staging role with a stolen publisher key that targets no longer name, for a staging device',
    attacker: 'director + publisher',
    code: 'not-listed',
    control: 'signatures of metadata (agent/trust/repository-tuf-core.ts)',
    world: { stage: 'staging' },
    open: { update: tufWithout('signatures'), runner: true },
    genuine: ['order', 'snapshot', 'timestamp'],
    before: async (world) => {
      const { repository } = world;
      const successor = newKeyPair();
      Object.assign(repository.targets.signed.delegations?.keys ?? {}, tufKeys([successor]));
      Object.assign(repository.delegation('staging-digits'), roleOf([successor]));
      repository.leaf('staging-digits').signers = [successor];
      await repository.publish('targets', 'staging-digits');
      // Not listed yet, so the device looks for newer metadata: it knows the successor from here on.
      await world.offer(attackRelease('1.9.9'));
    },
    attack: async (world) => {
      const { repository } = world;
      repository.leaf('staging-digits').signers = [repository.keys.publisher];
      await repository.addRelease({ ...evilRelease, production: false });
      return world.offer(evilRelease);
    },
  }),
];

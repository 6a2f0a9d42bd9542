import { copyFile, cp, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attack } from '../support/attack.js';
import { onDevice } from '../support/attack-on-device.js';
import { attackRelease } from '../support/attack-release.js';
import { currentMetadataFolder } from '../support/attack-state.js';
import type { AttackWorld } from '../support/attack-world.js';
import { tufWithout } from '../support/lenient-tuf-core.js';
import { metaOf, newKeyPair, roleOf, type SignedRepository, tufKeys } from '../support/signed-repository.js';

/** Was listed, and is no longer: nobody should install it again. */
const delisted = attackRelease('0.9.0', 'with a bug');
const roles = ['staging-digits', 'production-digits'] as const;
const oldPlane = (world: AttackWorld) => join(world.folder, 'old-plane');
const metadata = (plane: string) => join(plane, 'repository', 'metadata');

/** Lists the release that version 2 of both roles lists and no later one does. */
async function listAndDelist(world: AttackWorld): Promise<void> {
  await world.repository.addRelease(delisted);
  await cp(world.repository.folder, oldPlane(world), { recursive: true });
  delist(world.repository);
}

function delist(repository: SignedRepository): void {
  for (const role of roles) {
    const [stage] = role.split('-');
    delete repository.leaf(role).signed.targets[`${stage}/digits/${delisted.version}/manifest.json`];
  }
}

/** Attacks with metadata that was once rightly signed. */
export const attacks: readonly Attack[] = [
  onDevice({
    id: 'tuf-rollback',
    row: 'puts old role files, which still list a release with a bug, under a new snapshot and timestamp',
    attacker: 'server with all online keys',
    code: 'metadata-refused',
    control: 'versions that only grow (agent/trust/repository-tuf-core.ts and floors.ts)',
    open: { update: tufWithout('versions'), rules: { floors: () => undefined }, runner: true },
    genuine: ['order'],
    prepare: listAndDelist,
    attack: async (world) => {
      const { repository } = world;
      for (const role of roles) {
        const bytes = await readFile(repository.metadataFile(`2.${role}.json`));
        repository.snapshot.signed.meta[`${role}.json`] = metaOf(2, bytes);
      }
      await repository.publish();
      return world.offer(delisted);
    },
  }),
  onDevice({
    id: 'tuf-fast-forward',
    row: 'runs versions up to a million, so that after the theft was noticed no device takes the owner’s lower ones',
    attacker: 'server with all online keys',
    code: 'metadata-refused',
    control: 'floors that fall with the keys that signed them (standingFloors, agent/trust/floors.ts)',
    open: { rules: { standingFloors: (floors) => floors } },
    genuine: ['order', '2.root', 'snapshot', 'timestamp'],
    attack: async (world) => {
      const { repository } = world;
      repository.timestamp.signed.version = 1_000_000;
      repository.snapshot.signed.version = 1_000_000;
      await repository.publish();
      await world.offer(attackRelease('6.6.6'));
      const stolen = await readFile(repository.metadataFile('timestamp.json'));
      // The owner's recovery: a root with other online keys, and versions that go on from where they were.
      repository.replaceOnlineKeys();
      repository.timestamp.signed.version = 10;
      repository.snapshot.signed.version = 10;
      await repository.publish('root');
      const isStuck = (await world.offer(attackRelease('6.6.7'))) !== 'not-listed';
      if (isStuck) return 'passed';
      await writeFile(repository.metadataFile('timestamp.json'), stolen);
      return world.offer(attackRelease('6.6.8'));
    },
  }),
  onDevice({
    id: 'tuf-freeze',
    row: 'withholds every new file, so that a release stays listed, and lets a delayed order for it through',
    attacker: 'network',
    code: 'metadata-stale',
    control: 'expiry at trusted time (agent/trust/repository-tuf-core.ts)',
    open: { update: tufWithout('expiry') },
    genuine: ['order', 'time'],
    prepare: async (world) => {
      await world.repository.addRelease(delisted);
      world.repository.timestamp.signed.expires = '2050-01-01T00:00:00Z';
    },
    attack: async (world) => {
      world.tellTime(Date.UTC(2050, 0, 2));
      return world.offer(delisted);
    },
  }),
  onDevice({
    id: 'tuf-time-run-up',
    row: 'runs the signed time up by a century, so that after the theft was noticed nothing is ever fresh again',
    attacker: 'server with all online keys',
    code: 'not-believed',
    control: 'a time floor that falls with the keys that signed it (timeFloorFalls, agent/trust/floors.ts)',
    open: { rules: { timeFloorFalls: () => false } },
    genuine: ['order', '2.root', 'online', 'snapshot', 'targets', 'timestamp'],
    attack: async (world) => {
      const { repository } = world;
      const stolen = repository.keys.time;
      world.tellTime(Date.UTC(2126, 0, 1));
      await world.offer(attackRelease('6.6.6'));
      // The owner's recovery: other online keys in root and in keys/online.json.
      repository.replaceOnlineKeys();
      repository.keys.time = newKeyPair();
      await repository.setOnlineKeys(1);
      await repository.publish('root', 'targets');
      const isStuck = (await world.offer(attackRelease('6.6.7'))) !== 'not-listed';
      if (isStuck) return 'passed';
      return world.tellTime(Date.UTC(2126, 0, 1), stolen) ? 'believed' : 'not-believed';
    },
  }),
  onDevice({
    id: 'tuf-fast-forward-role',
    row: 'runs its role up to the last version there is, so that after its key was revoked nobody can publish',
    attacker: 'one publisher',
    code: 'not-listed',
    control: 'floors that fall with the keys that signed them (standingFloors, agent/trust/floors.ts)',
    open: { rules: { standingFloors: (floors) => floors } },
    genuine: ['order', '2.root', 'snapshot', 'staging-digits', 'targets', 'timestamp'],
    attack: async (world) => {
      const { repository } = world;
      const leaf = repository.leaf('staging-digits');
      const stolen = leaf.signers;
      leaf.signed.version = Number.MAX_SAFE_INTEGER - 1;
      await repository.publish('staging-digits');
      await world.offer(attackRelease('6.6.6'));
      // The owner's recovery: another publisher in targets, and other online keys in root.
      const successor = newKeyPair();
      Object.assign(repository.targets.signed.delegations?.keys ?? {}, tufKeys([successor]));
      Object.assign(repository.delegation('staging-digits'), roleOf([successor]));
      leaf.signers = [successor];
      leaf.signed.version = 10;
      repository.replaceOnlineKeys();
      await repository.publish('root', 'targets', 'staging-digits');
      const isStuck = (await world.offer(attackRelease('6.6.7'))) !== 'not-listed';
      if (isStuck) return 'passed';
      leaf.signers = stolen;
      const again = attackRelease('6.6.8', 'evil');
      await repository.addRelease({ ...again, production: false });
      return world.offer(again);
    },
  }),
  onDevice({
    id: 'tuf-mix-and-match',
    row: 'serves old role files, which list a release with a bug, under the names of the newest ones',
    attacker: 'network',
    code: 'not-listed',
    control: 'digests and versions in the snapshot (agent/trust/repository-tuf-core.ts)',
    open: { update: tufWithout('hashes') },
    genuine: ['order', 'snapshot', 'timestamp'],
    attack: async (world) => {
      const { repository } = world;
      await repository.addRelease(delisted);
      delist(repository);
      // Two more, so that the old file is not refused for being longer than the snapshot says.
      await repository.addRelease(attackRelease('1.2.0'));
      await repository.addRelease(attackRelease('1.3.0'));
      for (const role of roles) {
        await copyFile(repository.metadataFile(`3.${role}.json`), repository.metadataFile(`5.${role}.json`));
      }
      return world.offer(delisted);
    },
  }),
  onDevice({
    id: 'tuf-torn-cache',
    row: 'replays a whole old repository to a device that starts with a torn timestamp.json',
    attacker: 'network',
    code: 'metadata-refused',
    control:
      'floors are kept apart from the metadata, and hold when a file of that is torn (agent/trust/repair-trust.ts)',
    open: { dropTornFiles: true },
    genuine: ['order'],
    prepare: listAndDelist,
    attack: async (world) => {
      await world.stopAgent();
      const torn = join(await currentMetadataFolder(world.stateFolder), 'timestamp.json');
      const whole = await readFile(torn);
      await truncate(torn, whole.byteLength / 2);
      await cp(metadata(oldPlane(world)), metadata(world.repository.folder), { recursive: true });
      await world.startAgent();
      const code = await world.offer(delisted);
      // It has just started: what served before may take its time.
      if (code !== 'passed') await world.untilServing(world.first);
      return code;
    },
  }),
];

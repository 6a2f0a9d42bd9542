import type { MutantRandom } from './mutant-random.js';
import type { MutantWorld, SignedPart, TufRoleName } from './mutant-world.js';
import { digestOf } from './rule-oracle.js';
import { keyIdOf, roleOf, targetOf, tufKeys } from './signed-repository.js';

/** The parts of all roles as an attacker edits them together, with keys/online.json. */
export type Parts = Record<TufRoleName, SignedPart>;

interface Scheme {
  readonly what: string;
  readonly roles: readonly TufRoleName[];
  readonly edit: (parts: Parts, world: MutantWorld, random: MutantRandom) => void;
}

type Delegations = { keys: Record<string, unknown>; roles: Record<string, unknown>[] };
type Targets = Record<string, unknown>;

const evilPath = (stage: string) => `${stage}/digits/6.6.6/manifest.json`;
const newerPath = (stage: string) => `${stage}/digits/1.1.0/manifest.json`;
const targetsOf = (part: SignedPart) => part['targets'] as Targets;
const delegationsOf = (parts: Parts) => parts.targets['delegations'] as Delegations;
const rolesOf = (parts: Parts) => parts.root['roles'] as Record<string, Record<string, unknown>>;

function list(part: SignedPart, stage: string, manifest: Uint8Array, path = evilPath(stage)): void {
  targetsOf(part)[path] = targetOf(manifest);
}

/** What an attacker who knows the rules would try: each aims at one of them. */
export const schemes: readonly Scheme[] = [
  {
    what: 'list the evil release in staging',
    roles: ['staging-digits'],
    edit: (parts, { evil }) => list(parts['staging-digits'], 'staging', evil.manifest),
  },
  {
    what: 'list the evil release in production',
    roles: ['production-digits'],
    edit: (parts, { evil }) => list(parts['production-digits'], 'production', evil.manifest),
  },
  {
    what: 'list the evil release in both roles',
    roles: ['staging-digits', 'production-digits'],
    edit: (parts, { evil }) => {
      list(parts['staging-digits'], 'staging', evil.manifest);
      list(parts['production-digits'], 'production', evil.manifest);
    },
  },
  {
    what: 'list both stages in one role',
    roles: ['staging-digits'],
    edit: (parts, { evil }) => {
      list(parts['staging-digits'], 'staging', evil.manifest);
      list(parts['staging-digits'], 'production', evil.manifest);
    },
  },
  {
    what: 'exchange the newer release',
    roles: ['staging-digits', 'production-digits'],
    edit: (parts, { evil }) => {
      list(parts['staging-digits'], 'staging', evil.manifest, newerPath('staging'));
      list(parts['production-digits'], 'production', evil.manifest, newerPath('production'));
    },
  },
  {
    what: 'list the evil release at the top',
    roles: ['targets'],
    edit: (parts, { evil }) => {
      list(parts.targets, 'staging', evil.manifest);
      list(parts.targets, 'production', evil.manifest);
    },
  },
  {
    what: 'delegate both roles to one key',
    roles: ['targets', 'staging-digits', 'production-digits'],
    edit: (parts, { stranger, evil }) => {
      const { keys, roles } = delegationsOf(parts);
      Object.assign(keys, tufKeys([stranger]));
      for (const role of roles) Object.assign(role, roleOf([stranger]));
      list(parts['staging-digits'], 'staging', evil.manifest);
      list(parts['production-digits'], 'production', evil.manifest);
    },
  },
  {
    what: 'let the publisher sign for production, under another id',
    roles: ['targets', 'production-digits'],
    edit: (parts, { keys, evil }) => {
      const { keys: delegated, roles } = delegationsOf(parts);
      delegated['ab'.repeat(32)] = Object.values(tufKeys([keys.publisher]))[0];
      for (const role of roles) (role['keyids'] as string[]).push('ab'.repeat(32));
      list(parts['production-digits'], 'production', evil.manifest);
    },
  },
  {
    what: 'a root of one key',
    roles: ['root'],
    edit: (parts, { keys, stranger }, random) => {
      Object.assign(parts.root['keys'] as object, tufKeys([stranger]));
      const signers = random.pick([[stranger], keys.root.slice(0, 1), [keys.snapshot]]);
      const role = random.pick(['root', 'targets', 'snapshot', 'timestamp']);
      Object.assign(rolesOf(parts)[role] ?? {}, roleOf(signers));
    },
  },
  {
    what: 'one key under two ids reaches the threshold',
    roles: ['root'],
    edit: (parts, { keys }, random) => {
      const alias = 'cd'.repeat(32);
      (parts.root['keys'] as Record<string, unknown>)[alias] = Object.values(tufKeys(keys.root.slice(0, 1)))[0];
      const role = rolesOf(parts)[random.pick(['root', 'targets'])] ?? {};
      (role['keyids'] as string[]).push(alias);
    },
  },
  {
    what: 'a development root',
    roles: ['root'],
    edit: (parts) => {
      parts.root['x-bw-development'] = true;
      for (const role of Object.values(rolesOf(parts))) role['threshold'] = 1;
    },
  },
  {
    what: 'thresholds of 1',
    roles: ['root', 'targets'],
    edit: (parts) => {
      for (const role of Object.values(rolesOf(parts))) role['threshold'] = 1;
    },
  },
  {
    what: 'the evil online keys',
    roles: ['targets'],
    edit: (parts, { stranger }) => {
      const keys = [{ keyid: keyIdOf(stranger), public: stranger.publicKey, use: 'director' }];
      const bytes = Buffer.from(JSON.stringify({ schema: 'bellwether.online-keys.v1', epoch: 9, keys }));
      targetsOf(parts.targets)['keys/online.json'] = { length: bytes.length, hashes: { sha256: digestOf(bytes) } };
    },
  },
  {
    what: 'a file under another role’s name',
    roles: ['production-digits'],
    edit: (parts) => Object.assign(parts['production-digits'], structuredClone(parts['staging-digits'])),
  },
  {
    what: 'a leaf that delegates on',
    roles: ['staging-digits', 'production-digits'],
    edit: (parts, { stranger }) => {
      const roles = [{ name: 'more', ...roleOf([stranger]), terminating: false, paths: ['*'] }];
      for (const name of ['staging-digits', 'production-digits'] as const)
        parts[name]['delegations'] = { keys: tufKeys([stranger]), roles };
    },
  },
  {
    what: 'versions run up',
    roles: ['snapshot', 'timestamp', 'staging-digits'],
    edit: (parts) => {
      for (const name of ['snapshot', 'timestamp', 'staging-digits'] as const) parts[name].version = 2 ** 53 - 1;
    },
  },
  {
    what: 'versions run down',
    roles: ['snapshot', 'timestamp', 'targets', 'staging-digits'],
    edit: (parts) => {
      for (const name of ['snapshot', 'timestamp', 'targets', 'staging-digits'] as const) parts[name].version = 1;
    },
  },
  {
    what: 'an expired file',
    roles: ['timestamp', 'snapshot', 'staging-digits'],
    edit: (parts, _world, random) => {
      parts[random.pick(['timestamp', 'snapshot', 'staging-digits'] as const)]['expires'] = '2020-01-01T00:00:00Z';
    },
  },
  {
    what: 'a tombstone taken back',
    roles: ['production-digits'],
    edit: (parts) => {
      for (const entry of Object.values(targetsOf(parts['production-digits'])))
        (entry as Record<string, unknown>)['custom'] = { withdrawn: 'by nobody' };
    },
  },
  {
    what: 'no digests in snapshot and timestamp',
    roles: ['snapshot', 'timestamp'],
    edit: (parts) => {
      for (const name of ['snapshot', 'timestamp'] as const)
        for (const meta of Object.values(parts[name]['meta'] as Record<string, Record<string, unknown>>))
          Reflect.deleteProperty(meta, 'hashes');
    },
  },
];

import { type OnlineKeys, type OnlineKeyUse, onlineKeysPath } from '@bellwether/shared/contract/online-keys';
import { sha256 } from '@bellwether/shared/signing/digest';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import {
  developmentMark,
  expiryAfter,
  lifetimeDays,
  metadataFileName,
  roleMark,
  roleName,
  rolePathPatterns,
  stages,
  tufSpecification,
} from '../catalog/repository-layout.js';
import type { RoleFile, RootFile, TargetsFile } from '../catalog/role-file.js';
import { signRoot, signTargets } from './metadata-signing.js';

/** The uses of a set's keys: those that are kept offline, and those that the server holds, one each. */
export const offlineUses = ['root', 'targets', 'publisher', 'approver'] as const;
export const serverUses = ['snapshot', 'timestamp', 'director', 'adjuster', 'time', 'verdict'] as const;
export type SetKeyUse = (typeof offlineUses)[number] | (typeof serverUses)[number];
export type SetKeys = Readonly<Record<SetKeyUse, readonly KeyPair[]>>;

const onlineUses: readonly OnlineKeyUse[] = ['director', 'adjuster', 'time', 'verdict'];

/** A set's first metadata, by file name, and online.json. */
export interface FirstMetadata {
  readonly metadata: ReadonlyMap<string, Uint8Array>;
  readonly onlineKeys: Uint8Array;
}

/** What a set is for. */
interface SetPurpose {
  readonly families: readonly string[];
  /** Root and targets 1 of 1, and the signed mark that says so; otherwise any 2 of their keys [T-2]. */
  readonly development: boolean;
  readonly nowMs: number;
}

/** The first metadata of a set: every key of root and targets signs. */
export function firstMetadata(keys: SetKeys, { families, development, nowMs }: SetPurpose): FirstMetadata {
  const onlineKeys = Buffer.from(JSON.stringify(onlineKeysOf(keys)));
  const metadata = new Map([
    [metadataFileName('root', 1), signRoot(rootOf(keys, development, nowMs), keys.root)],
    [metadataFileName('targets', 1), signTargets(targetsOf(keys, families, { onlineKeys, nowMs }), keys.targets)],
  ]);
  for (const family of families) {
    for (const stage of stages) {
      const name = roleName({ stage, family });
      metadata.set(
        metadataFileName(name, 1),
        signTargets(emptyRole(name, nowMs), keys[stageKeyUse(stage)].slice(0, 1)),
      );
    }
  }
  return { metadata, onlineKeys };
}

/** Who signs a stage: publishers staging, approvers production [T-1]. */
export function stageKeyUse(stage: (typeof stages)[number]): 'publisher' | 'approver' {
  return stage === 'staging' ? 'publisher' : 'approver';
}

function rootOf(keys: SetKeys, development: boolean, nowMs: number): RootFile['signed'] {
  const quorum = development ? 1 : 2;
  return {
    _type: 'root',
    spec_version: tufSpecification,
    version: 1,
    expires: expiryAfter(nowMs, lifetimeDays.root),
    consistent_snapshot: true,
    keys: tufKeys([...keys.root, ...keys.targets, ...keys.snapshot, ...keys.timestamp]),
    roles: {
      root: anyOf(keys.root, quorum),
      targets: anyOf(keys.targets, quorum),
      snapshot: anyOf(keys.snapshot, 1),
      timestamp: anyOf(keys.timestamp, 1),
    },
    ...(development ? { [developmentMark]: true } : {}),
  };
}

function targetsOf(
  keys: SetKeys,
  families: readonly string[],
  { onlineKeys, nowMs }: { readonly onlineKeys: Uint8Array; readonly nowMs: number },
): TargetsFile['signed'] {
  return {
    _type: 'targets',
    spec_version: tufSpecification,
    version: 1,
    expires: expiryAfter(nowMs, lifetimeDays.targets),
    [roleMark]: 'targets',
    targets: { [onlineKeysPath]: { length: onlineKeys.byteLength, hashes: { sha256: sha256(onlineKeys) } } },
    delegations: {
      keys: tufKeys([...keys.publisher, ...keys.approver]),
      roles: families.flatMap((family) =>
        stages.map((stage) => ({
          name: roleName({ stage, family }),
          ...anyOf(keys[stageKeyUse(stage)], 1),
          terminating: true,
          paths: rolePathPatterns({ stage, family }),
        })),
      ),
    },
  };
}

/** The first version of a role that lists nothing. */
export function emptyRole(name: string, nowMs: number): RoleFile['signed'] {
  return {
    _type: 'targets',
    spec_version: tufSpecification,
    version: 1,
    expires: expiryAfter(nowMs, lifetimeDays.role),
    [roleMark]: name,
    targets: {},
  };
}

function onlineKeysOf(keys: SetKeys): OnlineKeys {
  return {
    schema: 'bellwether.online-keys.v1',
    epoch: 1,
    keys: onlineUses.flatMap((use) =>
      keys[use].map(({ publicKey }) => ({ keyid: keyIdOf(publicKey), public: publicKey, use })),
    ),
  };
}

function tufKeys(keys: readonly KeyPair[]): RootFile['signed']['keys'] {
  return Object.fromEntries(
    keys.map(({ publicKey }) => [
      keyIdOf(publicKey),
      { keytype: 'ed25519' as const, scheme: 'ed25519' as const, keyval: { public: publicKey } },
    ]),
  );
}

function anyOf(keys: readonly KeyPair[], threshold: number): { keyids: string[]; threshold: number } {
  return { keyids: keys.map(({ publicKey }) => keyIdOf(publicKey)), threshold };
}

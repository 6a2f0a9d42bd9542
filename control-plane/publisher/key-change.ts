import { Readable } from 'node:stream';
import { type OnlineKeyUse, onlineKeysPath } from '@bellwether/shared/contract/online-keys';
import { sha256 } from '@bellwether/shared/signing/digest';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import type { KeyFile } from '@bellwether/shared/signing/key-file';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { lifetimeDays } from '../catalog/repository-layout.js';
import type { RoleFile, RootFile, TargetsFile } from '../catalog/role-file.js';
import { checkTrustChange, type TrustChange, type TrustVerifier } from '../catalog/trust-change.js';
import { editRoot, editTargets, type KeyEdit, renewed, withSuccessor } from './key-edit.js';
import { signRoot, signTargets } from './metadata-signing.js';
import { PublisherError } from './publisher-error.js';
import { type ReleaseServer, ServerRefusal } from './release-server.js';
import type { TrustedFilesOfAll, TrustedRepository } from './trusted-repository.js';

/** How often a change that others overtook is made again. */
const maxAttempts = 10;

/** The private keys that are at hand, and what they sign over. */
export interface TrustSigner {
  readonly keys: readonly KeyFile[];
  readonly repository: TrustedRepository;
  readonly server: ReleaseServer;
  readonly nowMs: number;
  readonly verify: TrustVerifier;
}

/** The files that were signed, by name and version. */
export type SignedFiles = Readonly<Record<string, number>>;

/** The signed parts of a change, before anybody has signed them. */
interface NextFiles {
  readonly root?: RootFile['signed'] | undefined;
  readonly targets?: TargetsFile['signed'] | undefined;
  readonly roles: ReadonlyMap<string, RoleFile['signed']>;
}

/**
 * Changes who holds a use, in one transaction: root or targets with the new holders, and every file that a key which goes
 * had signed, signed anew by those that stay. Checked here as the server will, then published in one snapshot. Throws
 * PublisherError, CatalogError, ServerRefusal or ServerError; nothing was published then.
 */
export function changeKeys(edit: KeyEdit, signer: TrustSigner): Promise<SignedFiles> {
  return publishChange(signer, (all) => {
    const root = editRoot(all.root, edit, signer.nowMs);
    const edited = editTargets(all.targets.file, edit, signer.nowMs);
    // Who may sign targets has changed: the file is signed anew, so that a key that went has signed nothing that stands.
    const targets =
      edited ??
      (edit.use === 'targets' ? renewed(all.targets.file.signed, lifetimeDays.targets, signer.nowMs) : undefined);
    return { root, targets, roles: signedBy(all, edit.remove, signer.nowMs) };
  });
}

/** Gives files a whole lifetime again: `root`, `targets`, or roles by name, in one transaction. Throws as changeKeys does. */
export function renewFiles(names: readonly string[], signer: TrustSigner): Promise<SignedFiles> {
  const { nowMs } = signer;
  return publishChange(signer, (all) => {
    const roles = names.filter((name) => name !== 'root' && name !== 'targets');
    return {
      root: names.includes('root') ? renewed(all.root.signed, lifetimeDays.root, nowMs) : undefined,
      targets: names.includes('targets') ? renewed(all.targets.file.signed, lifetimeDays.targets, nowMs) : undefined,
      roles: new Map(roles.map((name) => [name, renewed(roleOf(all, name).signed, lifetimeDays.role, nowMs)])),
    };
  });
}

/**
 * Puts a successor, which the server makes itself, in the place of one of the server's own keys. Orders carry both
 * signatures until every live device has the new file; after a theft (`stolen`) a higher epoch ends what the thief signed [T-7].
 * Throws as changeKeys does.
 */
export async function rotateOnlineKey(use: OnlineKeyUse, stolen: boolean, signer: TrustSigner): Promise<SignedFiles> {
  const { server, nowMs } = signer;
  const successor = await server.nextOnlineKey(use);
  return publishChange(signer, async ({ targets, onlineKeys }) => {
    const bytes = Buffer.from(JSON.stringify(withSuccessor(onlineKeys, use, { successor, stolen })));
    const digest = sha256(bytes);
    if (!(await server.hasBlob(digest))) await server.putBlob(digest, bytes.byteLength, Readable.from([bytes]));
    const listed = { [onlineKeysPath]: { length: bytes.byteLength, hashes: { sha256: digest } } };
    return {
      targets: { ...renewed(targets.file.signed, lifetimeDays.targets, nowMs), targets: listed },
      roles: new Map(),
    };
  });
}

async function publishChange(
  signer: TrustSigner,
  edit: (all: TrustedFilesOfAll) => NextFiles | Promise<NextFiles>,
): Promise<SignedFiles> {
  for (let attempt = 1; ; attempt++) {
    const all = await signer.repository.all(signer.server);
    const next = await edit(all);
    const change = signChange(all, next, signer.keys);
    checkTrustChange({ ...all, nowMs: signer.nowMs, verify: signer.verify }, change);
    try {
      await signer.server.changeTrust(change);
      return versionsOf(next);
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.code !== 'role-changed' || attempt === maxAttempts) throw error;
    }
  }
}

function signChange(all: TrustedFilesOfAll, next: NextFiles, keys: readonly KeyFile[]): TrustChange {
  const newRoot = next.root ?? all.root.signed;
  const newTargets = next.targets ?? all.targets.file.signed;
  // The old quorum and the new one sign a root (TUF 6.1).
  const rootHolders = [...all.root.signed.roles.root.keyids, ...newRoot.roles.root.keyids];
  const roles = [...next.roles].map(([name, signed]): [string, Uint8Array] => {
    const holders = newTargets.delegations.roles.find((role) => role.name === name)?.keyids ?? [];
    return [name, signTargets(signed, among(keys, holders, name).slice(0, 1))];
  });
  return {
    ...(next.root && { root: signRoot(next.root, among(keys, rootHolders, 'root')) }),
    ...(next.targets && { targets: signTargets(next.targets, among(keys, newRoot.roles.targets.keyids, 'targets')) }),
    roles: new Map(roles),
  };
}

/** The keys at hand that may sign the role. How many are needed is for the check of the whole change to say. */
function among(keys: readonly KeyFile[], holders: readonly string[], role: string): KeyPair[] {
  const found = keys.filter((key) => holders.includes(keyIdOf(key.public)));
  if (found.length > 0) return found.map((key) => ({ publicKey: key.public, seed: key.seed }));
  throw new PublisherError('key-needed', `${role} is to be signed, and none of the keys given may sign it: add --key`);
}

/** The roles whose newest file a key has signed, each to be signed anew. */
function signedBy(
  all: TrustedFilesOfAll,
  publicKey: string | undefined,
  nowMs: number,
): ReadonlyMap<string, RoleFile['signed']> {
  const id = publicKey === undefined ? undefined : keyIdOf(publicKey);
  const theirs = [...all.roles].filter(([, { file }]) => file.signatures.some(({ keyid }) => keyid === id));
  return new Map(theirs.map(([name, { file }]) => [name, renewed(file.signed, lifetimeDays.role, nowMs)]));
}

function roleOf(all: TrustedFilesOfAll, name: string): RoleFile {
  const role = all.roles.get(name);
  if (role !== undefined) return role.file;
  throw new PublisherError('not-delegated', `the repository has no role ${name}`);
}

function versionsOf({ root, targets, roles }: NextFiles): SignedFiles {
  return Object.fromEntries([
    ...(root === undefined ? [] : [['root', root.version] as const]),
    ...(targets === undefined ? [] : [['targets', targets.version] as const]),
    ...[...roles].map(([name, { version }]) => [name, version] as const),
  ]);
}

import { Readable } from 'node:stream';
import { type OnlineKeyUse, onlineKeysPath } from '@bellwether/shared/contract/online-keys';
import { sha256 } from '@bellwether/shared/signing/digest';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import {
  isMetadataKeyUse,
  lifetimeDays,
  type MetadataKeyUse,
  roleName,
  type ServerKeyUse,
  stages,
} from '../catalog/repository-layout.js';
import type { RoleFile, RootFile, TargetsFile } from '../catalog/role-file.js';
import { emptyRole } from './first-metadata.js';
import {
  editRoot,
  editServerKeys,
  editTargets,
  type KeyEdit,
  renewed,
  withFamily,
  withSuccessors,
} from './key-edit.js';
import { PublisherError } from './publisher-error.js';
import type { ReleaseServer } from './release-server.js';
import type { TrustedFilesOfAll } from './trusted-repository.js';

/** The signed parts of a change, before anybody has signed them. */
export interface NextFiles {
  readonly root?: RootFile['signed'] | undefined;
  readonly targets?: TargetsFile['signed'] | undefined;
  readonly roles: ReadonlyMap<string, RoleFile['signed']>;
}

/** Makes the next files of what stands; asked again when others were faster. Throws PublisherError. */
export type TrustEdit = (all: TrustedFilesOfAll) => NextFiles | Promise<NextFiles>;

/** Other holders of a use: root or targets with them, and every file that a key which goes had signed, signed anew by those that stay. */
export function keyChange(edit: KeyEdit, nowMs: number): TrustEdit {
  return (all) => {
    const root = editRoot(all.root, edit, nowMs);
    const edited = editTargets(all.targets.file, edit, nowMs);
    // Who may sign targets has changed: the file is signed anew, so that a key that went has signed nothing that stands.
    const targets =
      edited ?? (edit.use === 'targets' ? renewed(all.targets.file.signed, lifetimeDays.targets, nowMs) : undefined);
    return { root, targets, roles: signedBy(all, edit.remove, nowMs) };
  };
}

/** A whole lifetime again for `root`, `targets`, or roles by name. */
export function renewal(names: readonly string[], nowMs: number): TrustEdit {
  return (all) => {
    const roles = names.filter((name) => name !== 'root' && name !== 'targets');
    return {
      root: names.includes('root') ? renewed(all.root.signed, lifetimeDays.root, nowMs) : undefined,
      targets: names.includes('targets') ? renewed(all.targets.file.signed, lifetimeDays.targets, nowMs) : undefined,
      roles: new Map(roles.map((name) => [name, renewed(roleOf(all, name).signed, lifetimeDays.role, nowMs)])),
    };
  };
}

/** A family more: the holders of the families that are there sign for it as well, beginning with two empty roles. Throws PublisherError `family`. */
export function newFamily(family: string, nowMs: number): TrustEdit {
  return ({ targets }) => ({
    targets: withFamily(targets.file, family, nowMs),
    roles: new Map(stages.map((stage) => roleName({ stage, family })).map((name) => [name, emptyRole(name, nowMs)])),
  });
}

/**
 * Puts successors, which the server makes itself, in the place of its own keys: those of snapshot and timestamp by a new root,
 * the others by a new keys/online.json, all at once. After a theft (`stolen`) the file has a higher epoch, which ends what the
 * thief signed [T-7].
 */
export async function serverKeyRotation(
  uses: readonly ServerKeyUse[],
  { stolen, server, nowMs }: { readonly stolen: boolean; readonly server: ReleaseServer; readonly nowMs: number },
): Promise<TrustEdit> {
  const metadataKeys = new Map<MetadataKeyUse, string>();
  const onlineKeys = new Map<OnlineKeyUse, string>();
  for (const use of uses) {
    const successor = await server.nextOnlineKey(use);
    if (isMetadataKeyUse(use)) metadataKeys.set(use, successor);
    else onlineKeys.set(use, successor);
  }
  return async (all) => {
    const root = metadataKeys.size === 0 ? undefined : editServerKeys(all.root, metadataKeys, nowMs);
    if (onlineKeys.size === 0) return { root, roles: new Map() };
    const bytes = Buffer.from(JSON.stringify(withSuccessors(all.onlineKeys, onlineKeys, stolen)));
    const digest = sha256(bytes);
    if (!(await server.hasBlob(digest))) await server.putBlob(digest, bytes.byteLength, Readable.from([bytes]));
    const listed = { [onlineKeysPath]: { length: bytes.byteLength, hashes: { sha256: digest } } };
    const targets = { ...renewed(all.targets.file.signed, lifetimeDays.targets, nowMs), targets: listed };
    return { root, targets, roles: new Map() };
  };
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

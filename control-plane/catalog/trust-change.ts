import { messageOf } from '@bellwether/shared/errors';
import { rootProblem, targetsProblem } from '@bellwether/shared/trust/listing-policy';
import { CatalogError } from './catalog-error.js';
import type { verifyDelegated, verifyTopLevel } from './metadata-tuf.js';
import { developmentMark, metadataFileName, roleMark } from './repository-layout.js';
import type { RepositoryState, StoredRole } from './repository-state.js';
import {
  decodeRoleFile,
  decodeRootFile,
  decodeTargetsFile,
  expiresMs,
  type RoleFile,
  type RootFile,
  type TargetsFile,
} from './role-file.js';

/** What changes together: newer root or targets, and the roles that have to be signed anew with them. At least one is there. */
export interface TrustChange {
  readonly root?: Uint8Array;
  readonly targets?: Uint8Array;
  /** By role name. */
  readonly roles: ReadonlyMap<string, Uint8Array>;
}

/** Who checks signatures: metadata-tuf.ts. Both throw CatalogError `role-signature`. */
export interface TrustVerifier {
  readonly topLevel: typeof verifyTopLevel;
  readonly delegated: typeof verifyDelegated;
}

/** What a change is held against: the verified repository as it stands. */
export type TrustBase = Pick<RepositoryState, 'root' | 'targets' | 'roles'> & {
  readonly nowMs: number;
  readonly verify: TrustVerifier;
};

/** A checked change: what stands after it, and the files to write. */
export interface CheckedTrust {
  readonly root: RootFile;
  readonly targets: RepositoryState['targets'];
  readonly roles: ReadonlyMap<string, StoredRole>;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Judges a change of who may sign, as every device will: root signed by the old and the new quorum, targets by the root's,
 * and every role by the keys that targets now names: a change under which one would fail is refused as a whole
 * (`role-would-fail`). Roles are only signed anew here, never edited. Throws CatalogError. The publisher's tool asks it
 * before it uploads, the server before it publishes.
 */
export function checkTrustChange(base: TrustBase, change: TrustChange): CheckedTrust {
  const root = checkRoot(base, change.root);
  const targets = checkTargets(base, root, change.targets);
  const roles = new Map<string, StoredRole>();
  for (const { name } of targets.file.signed.delegations.roles) {
    roles.set(name, checkRoleFile(base, name, { targets: targets.file, bytes: change.roles.get(name) }));
  }
  const undelegated = [...base.roles.keys(), ...change.roles.keys()].find((name) => !roles.has(name));
  if (undelegated !== undefined) {
    throw new CatalogError(
      'role-unknown',
      `targets would delegate no role ${undelegated}: what it lists would be gone`,
    );
  }
  return { root, targets, roles, files: filesOf(change, { root, targets, roles }) };
}

function checkRoot({ root: current, nowMs, verify }: TrustBase, bytes: Uint8Array | undefined): RootFile {
  if (bytes === undefined) return current;
  const next = decoded('root', () => decodeRootFile(bytes));
  requireNext('root', next.signed.version, current.signed.version);
  requireFuture('root', next.signed, nowMs);
  if (next.signed[developmentMark] !== current.signed[developmentMark]) {
    throw new CatalogError('role-policy', 'the mark development is for the whole life of a key set');
  }
  verify.topLevel(current, next);
  verify.topLevel(next, next);
  refuse(rootProblem(next, true));
  return next;
}

function checkTargets(
  { targets: current, nowMs, verify }: TrustBase,
  root: RootFile,
  bytes: Uint8Array | undefined,
): RepositoryState['targets'] {
  if (bytes === undefined) {
    verify.topLevel(root, current.file); // the old file must stand under the new root
    return current;
  }
  const file = decoded('targets', () => decodeTargetsFile(bytes));
  requireNext('targets', file.signed.version, current.version);
  requireFuture('targets', file.signed, nowMs);
  verify.topLevel(root, file);
  refuse(targetsProblem(file));
  return { version: file.signed.version, bytes, file };
}

function checkRoleFile(
  { roles, nowMs, verify }: TrustBase,
  name: string,
  { targets, bytes }: { readonly targets: TargetsFile; readonly bytes: Uint8Array | undefined },
): StoredRole {
  const current = roles.get(name);
  const next = bytes === undefined ? current : storedRole(name, bytes);
  if (next === undefined) throw new CatalogError('role-would-fail', `there is no file for the new role ${name}`);
  try {
    verify.delegated(targets, name, next.file);
  } catch (cause) {
    throw new CatalogError(
      'role-would-fail',
      `${name} version ${next.version} would not be signed by its keys any more: sign it anew in the same change`,
      { cause },
    );
  }
  if (next === current) return current;
  requireNext(name, next.version, current?.version ?? 0);
  requireFuture(name, next.file.signed, nowMs);
  if (next.file.signed[roleMark] !== name || !listsTheSame(next.file, current?.file)) {
    throw new CatalogError('role-policy', `${name} is not the same list, signed anew`);
  }
  return next;
}

function storedRole(name: string, bytes: Uint8Array): StoredRole {
  const file = decoded(name, () => decodeRoleFile(bytes, name));
  return { version: file.signed.version, bytes, file };
}

function listsTheSame(next: RoleFile, current: RoleFile | undefined): boolean {
  const entriesOf = (file: RoleFile | undefined) =>
    JSON.stringify(Object.entries(file?.signed.targets ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return entriesOf(next) === entriesOf(current);
}

function filesOf(change: TrustChange, checked: Omit<CheckedTrust, 'files'>): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const [name, bytes] of change.roles) {
    files.set(metadataFileName(name, checked.roles.get(name)?.version ?? 0), bytes);
  }
  if (change.targets !== undefined) files.set(metadataFileName('targets', checked.targets.version), change.targets);
  if (change.root !== undefined) files.set(metadataFileName('root', checked.root.signed.version), change.root);
  return files;
}

function requireNext(name: string, version: number, current: number): void {
  if (version === current + 1) return;
  throw new CatalogError('role-changed', `${name} is at version ${current}; version ${version} is not the next`);
}

function requireFuture(name: string, signed: { readonly expires: string }, nowMs: number): void {
  if (expiresMs(signed) > nowMs) return;
  throw new CatalogError('role-expiry', `${name} has expired at ${signed.expires}`);
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw new CatalogError('role-policy', problem);
}

function decoded<T>(name: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new CatalogError('role-malformed', `${name}: ${messageOf(cause)}`, { cause });
  }
}

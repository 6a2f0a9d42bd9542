import type { ReleaseId } from '@bellwether/shared/ids';
import { CatalogError } from './catalog-error.js';
import { type RoleId, releaseAtPath, roleMark, roleName, type Stage, targetPath } from './repository-layout.js';
import { expiresMs, type RoleFile, type Target } from './role-file.js';

/** A release that a role lists and that the role before it did not. */
export interface NewListing {
  readonly release: ReleaseId;
  readonly target: Target;
}

/** What a new role is held against. */
export interface RoleContext {
  readonly id: RoleId;
  /** The role as it stands, and the other stage of the family. */
  readonly current: RoleFile;
  readonly other: RoleFile;
  readonly nowMs: number;
}

/** Judges a role whose signature has passed; throws CatalogError, or returns what it lists anew. */
export function checkRole(next: RoleFile, { id, current, other, nowMs }: RoleContext): NewListing[] {
  const name = roleName(id);
  const { version, targets } = next.signed;
  if (version !== current.signed.version + 1) {
    throw new CatalogError(
      'role-changed',
      `${name} is at version ${current.signed.version}; version ${version} is not the next`,
    );
  }
  if (next.signed[roleMark] !== name) {
    throw new CatalogError('role-policy', `the file names itself ${next.signed[roleMark]}, not ${name}`);
  }
  // Not the other way round: a date that cannot be read is no future either.
  if (!(expiresMs(next.signed) > nowMs)) {
    throw new CatalogError('role-expiry', `${name} version ${version} has expired at ${next.signed.expires}`);
  }
  const removed = Object.keys(current.signed.targets).find((path) => targets[path] === undefined);
  if (removed !== undefined) {
    throw new CatalogError(
      'release-removed',
      `${removed} is left out: a release is withdrawn by a tombstone, not by silence`,
    );
  }
  return Object.entries(targets).flatMap(([path, target]) => {
    const release = releaseAtPath(path, id);
    if (release === undefined) throw new CatalogError('release-path', `${name} may not list ${path}`);
    const before = current.signed.targets[path];
    refuseChange(path, target, before);
    if (before !== undefined) return [];
    refuseOtherStage(id.stage, release, {
      target,
      listed: other.signed.targets[targetPath(otherStage(id.stage), release)],
    });
    return [{ release, target }];
  });
}

/** The stage that a release must agree with. */
export function otherStage(stage: Stage): Stage {
  return stage === 'staging' ? 'production' : 'staging';
}

/** A release is immutable: its path stands for the same bytes for ever, and a tombstone for ever too [T-9]. */
function refuseChange(path: string, target: Target, before: Target | undefined): void {
  if (before === undefined) return;
  if (before.custom?.withdrawn !== undefined && target.custom?.withdrawn === undefined) {
    throw new CatalogError('withdrawal-removed', `${path} was withdrawn and stays so: publish a new version`);
  }
  if (isSameFile(target, before)) return;
  throw new CatalogError(
    'release-changed',
    `${path} has been ${before.hashes.sha256} and cannot become ${target.hashes.sha256}: publish a new version`,
  );
}

/** Both stages mean the same bytes, and production never comes first [T-1]. */
function refuseOtherStage(
  stage: Stage,
  release: ReleaseId,
  { target, listed }: { readonly target: Target; readonly listed: Target | undefined },
): void {
  const path = targetPath(stage, release);
  if (listed === undefined && stage === 'production') {
    throw new CatalogError(
      'not-staged',
      `${path} is not listed in staging: it must be published before it is approved`,
    );
  }
  if (listed !== undefined) refuseChange(path, target, { length: listed.length, hashes: listed.hashes });
}

/** Same length and digest. */
export function isSameFile(a: Target, b: Target): boolean {
  return a.length === b.length && a.hashes.sha256 === b.hashes.sha256;
}

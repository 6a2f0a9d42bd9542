import { expiryAfter, lifetimeDays } from '../catalog/repository-layout.js';
import type { RoleFile, Target } from '../catalog/role-file.js';
import { isSameFile } from '../catalog/role-rules.js';
import { PublisherError } from './publisher-error.js';

/**
 * The next version of a role, with one release more and nothing else changed; undefined when it is listed already. Throws
 * PublisherError `release-changed` when it is listed with other bytes.
 */
export function withListing(
  base: RoleFile,
  listing: { readonly path: string; readonly target: Target },
  nowMs: number,
): RoleFile['signed'] | undefined {
  const { signed } = base;
  const { path, target } = listing;
  const listed = signed.targets[path];
  if (listed !== undefined && isSameFile(listed, target)) return undefined;
  if (listed !== undefined) {
    throw new PublisherError(
      'release-changed',
      `${path} is listed as ${listed.hashes.sha256} and cannot become ${target.hashes.sha256}: a release is immutable, give it a new version`,
    );
  }
  return {
    ...signed,
    version: signed.version + 1,
    expires: expiryAfter(nowMs, lifetimeDays.role),
    targets: { ...signed.targets, [path]: target },
  };
}

/**
 * The next version of a role, with a tombstone on one release [T-9]; undefined when it has one already. What the role
 * listed stays listed: a tombstone is an entry, never an absence.
 */
export function withTombstone(
  { signed }: RoleFile,
  { path, target, reason }: { readonly path: string; readonly target: Target; readonly reason: string },
  nowMs: number,
): RoleFile['signed'] | undefined {
  const listed = signed.targets[path] ?? target;
  if (listed.custom?.withdrawn !== undefined) return undefined;
  const withdrawn = { ...listed, custom: { ...listed.custom, withdrawn: reason } };
  return {
    ...signed,
    version: signed.version + 1,
    expires: expiryAfter(nowMs, lifetimeDays.role),
    targets: { ...signed.targets, [path]: withdrawn },
  };
}

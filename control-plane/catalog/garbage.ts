import type { Manifest } from '@bellwether/shared/models/manifest';
import { CatalogError } from './catalog-error.js';
import type { RepositoryState } from './repository-state.js';

/** A file that may be garbage. */
export interface StoredFile {
  readonly name: string;
  readonly bytes: number;
  /** When it was written last; wall milliseconds. */
  readonly changedMs: number;
}

/** What is to be collected. */
export interface Collection {
  readonly dryRun: boolean;
  /** What was written since stays. */
  readonly beforeMs: number;
  /** Digests of the manifests that orders, rollouts and pins name; asked when nothing can be published any more. */
  readonly held: () => ReadonlySet<string>;
}

/** What went, or would go, and what stays. */
export interface Collected {
  readonly blobs: readonly StoredFile[];
  readonly metadata: readonly StoredFile[];
  readonly kept: readonly StoredFile[];
}

/** Newest versions of snapshot, targets and each role that stay, whoever refers to them. */
export const keptVersions = 10;

/** What is known of who needs what. */
interface Needs extends Pick<RepositoryState, 'roles' | 'unsound' | 'targets'> {
  /** The listed manifests, by digest. */
  readonly manifests: ReadonlyMap<string, Manifest>;
  /** Digests of the manifests that orders, rollouts on their way and pins name. */
  readonly held: ReadonlySet<string>;
}

/**
 * The blobs that somebody may ask for: what top-level targets lists; every listed manifest, withdrawn ones too; the files of
 * every listed release that is not withdrawn, or that an order, a rollout or a pin names all the same. A tombstone is for
 * ever [T-9], so no order can bring a withdrawn release back. Throws CatalogError `role-unsound` or `manifest-missing` where
 * what is listed cannot be known.
 */
export function neededBlobs({ roles, unsound, targets, manifests, held }: Needs): ReadonlySet<string> {
  for (const [role, { problem }] of unsound) {
    throw new CatalogError('role-unsound', `what ${role} lists cannot be known, and so not what it needs: ${problem}`);
  }
  const withdrawn = withdrawnManifests(roles);
  const needed = new Set(Object.values(targets.file.signed.targets).map(({ hashes }) => hashes.sha256));
  for (const { file } of roles.values()) {
    for (const [path, { hashes }] of Object.entries(file.signed.targets)) {
      const manifest = manifests.get(hashes.sha256);
      if (manifest === undefined) {
        throw new CatalogError('manifest-missing', `the manifest of ${path} cannot be read, and so not what it needs`);
      }
      needed.add(hashes.sha256);
      if (withdrawn.has(hashes.sha256) && !held.has(hashes.sha256)) continue;
      for (const { sha256 } of Object.values(manifest.files)) needed.add(sha256);
    }
  }
  return needed;
}

/** A tombstone in either role. */
function withdrawnManifests(roles: RepositoryState['roles']): ReadonlySet<string> {
  const all = [...roles.values()].flatMap(({ file }) => Object.values(file.signed.targets));
  return new Set(all.filter(({ custom }) => custom?.withdrawn !== undefined).map(({ hashes }) => hashes.sha256));
}

/** The blobs that nobody needs and that were there before `beforeMs`: younger ones may belong to a release that is just being published. */
export function unneededBlobs(
  blobs: readonly StoredFile[],
  needed: ReadonlySet<string>,
  beforeMs: number,
): StoredFile[] {
  return blobs.filter(({ name, changedMs }) => changedMs < beforeMs && !needed.has(name));
}

/** `4.staging-digits.json` taken apart; undefined for a file that is no version of a role. */
export function versionOf(name: string): { readonly role: string; readonly version: number } | undefined {
  const [, version, role] = /^([1-9][0-9]{0,9})\.([a-z0-9-]+)\.json$/.exec(name) ?? [];
  return version === undefined || role === undefined ? undefined : { role, version: Number(version) };
}

/**
 * The metadata that no device asks for any more: every root stays, since a device follows them one by one [T-7]; of
 * snapshot, targets and each role the newest versions, and those that a snapshot names which stays (`named`).
 */
export function unneededMetadata(
  files: readonly StoredFile[],
  named: ReadonlySet<string>,
  beforeMs: number,
): StoredFile[] {
  const stays = newestVersions(files);
  return files.filter(({ name, changedMs }) => {
    const role = versionOf(name)?.role;
    return role !== undefined && role !== 'root' && changedMs < beforeMs && !stays.has(name) && !named.has(name);
  });
}

/** The names of the newest versions of each role. */
export function newestVersions(files: readonly StoredFile[]): ReadonlySet<string> {
  const byRole = new Map<string, { readonly name: string; readonly version: number }[]>();
  for (const { name } of files) {
    const id = versionOf(name);
    if (id !== undefined) byRole.set(id.role, [...(byRole.get(id.role) ?? []), { name, version: id.version }]);
  }
  const newest = [...byRole.values()].flatMap((each) =>
    each.sort((a, b) => b.version - a.version).slice(0, keptVersions),
  );
  return new Set(newest.map(({ name }) => name));
}

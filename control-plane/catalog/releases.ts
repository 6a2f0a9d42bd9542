import { compareVersions } from '@bellwether/shared/ids';
import type { Manifest } from '@bellwether/shared/models/manifest';
import type { CatalogRelease } from './catalog.js';
import { parseRoleName, releaseAtPath, type Stage } from './repository-layout.js';
import { type RepositoryState, unsoundRoleOf } from './repository-state.js';
import type { Target } from './role-file.js';

/** A release and how each stage lists it. */
interface ListedRelease {
  readonly model: string;
  readonly version: string;
  readonly staging?: Target;
  readonly production?: Target;
}

/**
 * Every release that a role lists, with the manifests by digest, by model, newest first. Left out is one without its
 * manifest, and every one of a family with an unsound role: what is known of it is half the truth, and a release that
 * seems to have lost its approval would be taken out of orders [T-9].
 */
export function releasesOf(
  state: Pick<RepositoryState, 'roles' | 'unsound'>,
  manifests: ReadonlyMap<string, Manifest>,
): CatalogRelease[] {
  return listedReleases(state)
    .flatMap(({ model, version, staging, production }) => {
      const manifest = (staging ?? production)?.hashes.sha256 ?? '';
      const manifestDocument = manifests.get(manifest);
      if (manifestDocument === undefined) return [];
      return [
        {
          model,
          version,
          manifest,
          bytes: bytesOf(manifestDocument),
          staging: staging !== undefined,
          production: production !== undefined,
          withdrawn: staging?.custom?.withdrawn ?? production?.custom?.withdrawn ?? null,
          manifestDocument,
        },
      ];
    })
    .sort((a, b) => (a.model === b.model ? compareVersions(b.version, a.version) : a.model < b.model ? -1 : 1));
}

/** The digests of all manifests that a role lists. */
export function listedManifests(state: Pick<RepositoryState, 'roles'>): Set<string> {
  return new Set(
    [...state.roles.values()].flatMap(({ file }) => Object.values(file.signed.targets).map((t) => t.hashes.sha256)),
  );
}

/** Bytes of all files of a release. */
function bytesOf(manifest: Manifest): number {
  return Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
}

function listedReleases(state: Pick<RepositoryState, 'roles' | 'unsound'>): ListedRelease[] {
  const found = new Map<string, ListedRelease>();
  for (const [name, { file }] of state.roles) {
    const role = parseRoleName(name);
    if (role === undefined || unsoundRoleOf(state, role.family) !== undefined) continue;
    for (const [path, target] of Object.entries(file.signed.targets)) {
      const id = releaseAtPath(path, role);
      if (id === undefined) continue;
      const key = `${id.model}@${id.version}`;
      const stage: Partial<Record<Stage, Target>> = { [role.stage]: target };
      found.set(key, { ...id, ...found.get(key), ...stage });
    }
  }
  return [...found.values()];
}

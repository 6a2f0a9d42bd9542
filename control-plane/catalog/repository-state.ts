import type { FileVersion } from './metadata-tuf.js';
import { roleName, type Stage } from './repository-layout.js';
import type { RoleFile, RootFile, TargetsFile } from './role-file.js';

/** A delegated role's file, and its exact bytes. */
export interface StoredRole extends FileVersion {
  readonly file: RoleFile;
}

/** A role's file that must not be believed, and why. */
export interface UnsoundRole extends FileVersion {
  readonly problem: string;
}

/** The verified repository, as its newest timestamp has it. */
export interface RepositoryState {
  readonly root: RootFile;
  readonly rootSha256: string;
  readonly targets: FileVersion & { readonly file: TargetsFile };
  readonly roles: ReadonlyMap<string, StoredRole>;
  /** Delegated roles whose file the snapshot vouches for but whose keys did not sign it: kept as they are, listing nothing. */
  readonly unsound: ReadonlyMap<string, UnsoundRole>;
  readonly snapshot: { readonly version: number; readonly expiresMs: number };
  readonly timestamp: { readonly version: number; readonly expiresMs: number };
}

/** A family's two roles; undefined where the top-level targets delegates none. */
export function rolesOf(state: RepositoryState, family: string): Record<Stage, StoredRole> | undefined {
  const staging = state.roles.get(roleName({ stage: 'staging', family }));
  const production = state.roles.get(roleName({ stage: 'production', family }));
  return staging === undefined || production === undefined ? undefined : { staging, production };
}

/** What is wrong with one of a family's two roles, in a sentence; undefined when nothing is. */
export function unsoundRoleOf(state: Pick<RepositoryState, 'unsound'>, family: string): string | undefined {
  return [roleName({ stage: 'staging', family }), roleName({ stage: 'production', family })]
    .flatMap((name) => state.unsound.get(name)?.problem ?? [])
    .at(0);
}

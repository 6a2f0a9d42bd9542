import { familyOf, type ReleaseId } from '@bellwether/shared/ids';
import type { KeyFile } from '@bellwether/shared/signing/key-file';
import { type RoleId, roleName, type Stage, targetPath } from '../catalog/repository-layout.js';
import type { RoleFile, Target } from '../catalog/role-file.js';
import { stageKeyUse } from './first-metadata.js';
import { signTargets } from './metadata-signing.js';
import { PublisherError } from './publisher-error.js';
import { type ReleaseServer, ServerRefusal } from './release-server.js';
import { withListing } from './role-edit.js';
import type { TrustedRepository, TrustedRole } from './trusted-repository.js';

/** How often a role that others change at the same time is signed again. */
const maxAttempts = 10;

/** What the signing needs. */
export interface Signer {
  readonly key: KeyFile;
  readonly repository: TrustedRepository;
  readonly server: ReleaseServer;
  readonly nowMs: number;
}

/** The change that was signed, for the eyes of who signed it; `isNew` is false when the release was listed already. */
export interface RoleChange {
  readonly role: string;
  readonly version: number;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly isNew: boolean;
}

/** Refuses a key of another use, or one that the role does not name: before anything is uploaded. */
export function refuseForeignKey(key: KeyFile, stage: Stage, role: TrustedRole): void {
  const use = stageKeyUse(stage);
  if (key.use !== use)
    throw new PublisherError('key-use', `this key is for the use ${key.use}; ${stage} is signed with the ${use}'s`);
  if (!role.publicKeys.includes(key.public)) {
    throw new PublisherError(
      'key-not-delegated',
      `the repository does not let the key ${key.public} sign this family's ${stage} role`,
    );
  }
}

type Roles = Readonly<Record<Stage, TrustedRole>>;

/**
 * Lists a release in one stage: signs the newest verified role with it, and again on what others have published in between.
 * `judge` looks at the newest roles before each signature and throws to stop it.
 */
export async function listRelease(
  signer: Signer,
  listing: { readonly stage: Stage; readonly release: ReleaseId; readonly target: Target },
  judge: (roles: Roles) => void,
): Promise<RoleChange> {
  const { stage, release, target } = listing;
  const path = targetPath(stage, release);
  const signed = await signRole(signer, { stage, family: familyOf(release.model) }, (roles) => {
    judge(roles);
    return withListing(roles[stage].file, { path, target }, signer.nowMs);
  });
  return { ...signed, path, bytes: target.length, sha256: target.hashes.sha256 };
}

/**
 * Signs the next version of a role, and again on what others have published in between: the base is always the newest
 * verified one [T-13]. `edit` gives the change, or undefined when there is none to sign; it throws to stop it.
 */
export async function signRole(
  { key, repository, server }: Signer,
  { stage, family }: RoleId,
  edit: (roles: Roles) => RoleFile['signed'] | undefined,
): Promise<Pick<RoleChange, 'role' | 'version' | 'isNew'>> {
  const role = roleName({ stage, family });
  for (let attempt = 1; ; attempt++) {
    const roles = await repository.roles(family);
    refuseForeignKey(key, stage, roles[stage]);
    const next = edit(roles);
    if (next === undefined) return { role, version: roles[stage].file.signed.version, isNew: false };
    try {
      await server.publishRole(role, signTargets(next, [{ publicKey: key.public, seed: key.seed }]));
      return { role, version: next.version, isNew: true };
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.code !== 'role-changed' || attempt === maxAttempts) throw error;
    }
  }
}

import { familyOf, formatReleaseId, type ReleaseId } from '@bellwether/shared/ids';
import { targetPath } from '../catalog/repository-layout.js';
import { type RoleChange, type Signer, signRole } from './list-release.js';
import { PublisherError } from './publisher-error.js';
import { withTombstone } from './role-edit.js';

/**
 * Withdraws a release by a signed tombstone, in the role of the key that is given: a publisher's in staging, an
 * approver's in production; either alone suffices [T-9]. Throws PublisherError, ServerRefusal or ServerError.
 */
export async function withdrawRelease(id: ReleaseId, reason: string, signer: Signer): Promise<RoleChange> {
  const stage = signer.key.use === 'approver' ? 'production' : 'staging';
  const path = targetPath(stage, id);
  const family = familyOf(id.model);
  const listed = (await signer.repository.roles(family)).staging.file.signed.targets[targetPath('staging', id)];
  if (listed === undefined) {
    throw new PublisherError('not-staged', `${formatReleaseId(id)} was never published: there is nothing to withdraw`);
  }
  const target = { length: listed.length, hashes: listed.hashes };
  const signed = await signRole(signer, { stage, family }, (roles) =>
    withTombstone(roles[stage].file, { path, target, reason }, signer.nowMs),
  );
  return { ...signed, path, bytes: target.length, sha256: target.hashes.sha256 };
}

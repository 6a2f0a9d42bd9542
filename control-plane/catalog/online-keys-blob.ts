import { decodeOnlineKeys, type OnlineKeys, onlineKeysPath } from '@bellwether/shared/contract/online-keys';
import { messageOf } from '@bellwether/shared/errors';
import { sha256 } from '@bellwether/shared/signing/digest';
import { CatalogError } from './catalog-error.js';
import type { ReleaseBlobs } from './release-check.js';
import type { TargetsFile } from './role-file.js';

/** The keys/online.json that targets vouches for. Throws CatalogError `role-policy` when it is not here, whole and readable. */
export async function readOnlineKeys({ signed }: TargetsFile, blobs: Pick<ReleaseBlobs, 'read'>): Promise<OnlineKeys> {
  const target = signed.targets[onlineKeysPath];
  if (target === undefined) throw new CatalogError('role-policy', `targets does not list ${onlineKeysPath}`);
  const digest = target.hashes.sha256;
  const bytes = await blobs.read(digest);
  if (bytes === undefined || sha256(bytes) !== digest || bytes.byteLength !== target.length) {
    throw new CatalogError('role-policy', `${onlineKeysPath}, blob ${digest}, is missing or damaged: upload it first`);
  }
  try {
    return decodeOnlineKeys(bytes);
  } catch (cause) {
    throw new CatalogError('role-policy', messageOf(cause), { cause });
  }
}

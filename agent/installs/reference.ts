import { decodeReference, type ReferenceDistributions } from '@bellwether/shared/models/reference';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { Blobs } from './blobs.js';
import type { VerifiedModel } from './verified-model.js';

/**
 * The reference distributions of a release that was verified; undefined when it has none. They are hashed again as they
 * are read: a name in the blob folder is a claim. Throws DecodeError, and Error when the bytes are not what was signed.
 */
export async function readReference(
  { manifest }: Pick<VerifiedModel, 'manifest'>,
  blobs: Pick<Blobs, 'read'>,
): Promise<ReferenceDistributions | undefined> {
  const name = manifest.reference?.file;
  const file = name === undefined ? undefined : manifest.files[name];
  if (name === undefined || file === undefined) return undefined;
  const bytes = await blobs.read(file.sha256, file.bytes);
  if (bytes === undefined || sha256(bytes) !== file.sha256) throw new Error(`${name} is not what its manifest signs`);
  return decodeReference(bytes);
}

import { messageOf } from '@bellwether/shared/errors';
import { formatReleaseId } from '@bellwether/shared/ids';
import { decodeManifest, type Manifest, maxManifestBytes, releaseOf } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';
import { CatalogError } from './catalog-error.js';
import type { NewListing } from './role-rules.js';

/** The blobs, as far as a release's check needs them. */
export interface ReleaseBlobs {
  size(digest: string): Promise<number | undefined>;
  read(digest: string): Promise<Uint8Array | undefined>;
  isIntact(digest: string): Promise<boolean>;
}

/**
 * Checks a newly listed release as a device would before it loads: manifest size, digest, schema and identity, then that
 * every file is here with its size and digest [T-6]. Throws CatalogError; answers with the manifest.
 */
export async function checkRelease({ release, target }: NewListing, blobs: ReleaseBlobs): Promise<Manifest> {
  const name = formatReleaseId(release);
  if (target.length > maxManifestBytes) {
    throw new CatalogError(
      'manifest-size',
      `the manifest of ${name} has ${target.length} bytes, more than ${maxManifestBytes}`,
    );
  }
  const digest = target.hashes.sha256;
  const size = await blobs.size(digest);
  if (size === undefined)
    throw new CatalogError('manifest-missing', `the manifest of ${name}, blob ${digest}, is not here`);
  if (size !== target.length) {
    throw new CatalogError(
      'manifest-size',
      `the manifest of ${name} has ${size} bytes, but ${target.length} are signed`,
    );
  }
  const bytes = await blobs.read(digest);
  if (bytes === undefined || sha256(bytes) !== digest) throw damaged(`manifest of ${name}`, digest);
  const manifest = decodeNamed(bytes, name);
  if (releaseOf(manifest) !== name) {
    throw new CatalogError('manifest-identity', `the manifest listed as ${name} is that of ${releaseOf(manifest)}`);
  }
  for (const [file, { bytes: expected, sha256: fileDigest }] of Object.entries(manifest.files)) {
    const what = `${file} of ${name}`;
    const found = await blobs.size(fileDigest);
    if (found === undefined) throw new CatalogError('file-missing', `${what}, blob ${fileDigest}, is not here`);
    if (found !== expected)
      throw new CatalogError('blob-size', `${what} has ${found} bytes, but its manifest says ${expected}`);
    if (!(await blobs.isIntact(fileDigest))) throw damaged(what, fileDigest);
  }
  return manifest;
}

function decodeNamed(bytes: Uint8Array, name: string): Manifest {
  try {
    return decodeManifest(bytes);
  } catch (cause) {
    throw new CatalogError('manifest-schema', `the manifest of ${name} is not one: ${messageOf(cause)}`, { cause });
  }
}

function damaged(what: string, digest: string): CatalogError {
  return new CatalogError(
    'blob-digest',
    `${what}, blob ${digest}, does not have that digest any more: upload it again`,
  );
}

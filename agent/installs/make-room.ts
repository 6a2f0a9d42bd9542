import type { Log } from '@bellwether/shared/log';
import { decodeManifest, maxManifestBytes } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { Blobs } from './blobs.js';
import type { ReleaseRef } from './install-record.js';
import { blobsToRemove } from './retention.js';

/** Lets old blobs go while disk is short; `kept` releases stay whole. */
export async function makeRoom(
  blobs: Blobs,
  log: Log,
  wanted: { readonly kept: readonly ReleaseRef[]; readonly neededBytes: number },
): Promise<void> {
  const { freeBytes, totalBytes } = await blobs.space();
  const kept = new Set<string>();
  for (const { manifest } of wanted.kept) for (const digest of await digestsOf(blobs, manifest)) kept.add(digest);
  const present = await blobs.list();
  const gone = blobsToRemove({ blobs: present, kept, freeBytes, totalBytes, neededBytes: wanted.neededBytes });
  for (const digest of gone) await blobs.remove(digest);
  if (gone.length > 0) log.info({ removed: gone.length, freeBytes, totalBytes }, 'old blobs removed to make room');
}

/** The blobs of a release: its manifest, and the files of it as far as the manifest is here and whole. */
async function digestsOf(blobs: Blobs, manifest: string): Promise<readonly string[]> {
  const bytes = await blobs.read(manifest, maxManifestBytes);
  if (bytes === undefined || sha256(bytes) !== manifest) return [manifest];
  return [manifest, ...Object.values(decodeManifest(bytes).files).map((file) => file.sha256)];
}

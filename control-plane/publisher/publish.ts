import { Readable } from 'node:stream';
import { familyOf, formatReleaseId, type ReleaseId } from '@bellwether/shared/ids';
import { targetPath } from '../catalog/repository-layout.js';
import { listRelease, type RoleChange, refuseForeignKey, type Signer } from './list-release.js';
import { withListing } from './role-edit.js';

/** One file of a release: what the manifest says of it, and how to read it. */
export interface ReleaseFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  open(): Readable;
}

/** A release that passed the checks of its source, ready to be signed. */
export interface PreparedRelease {
  readonly id: ReleaseId;
  readonly manifest: { readonly bytes: Uint8Array; readonly sha256: string };
  readonly files: readonly ReleaseFile[];
}

/** How far one file is. */
export interface TransferProgress {
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** `skipped`: the server had it already. */
  readonly state: 'moving' | 'done' | 'skipped';
}

/** What became of a publication. */
export interface Publication {
  readonly release: string;
  readonly manifest: string;
  readonly uploadedBytes: number;
  readonly skippedBytes: number;
  readonly change: RoleChange;
}

/**
 * Publishes a release in staging: judges the change first, uploads what the server lacks, then signs and lists. May be
 * run again at any point. Throws PublisherError, ServerRefusal or ServerError.
 */
export async function publishRelease(
  release: PreparedRelease,
  signer: Signer,
  onProgress: (progress: TransferProgress) => void,
): Promise<Publication> {
  const { id, manifest } = release;
  const target = { length: manifest.bytes.byteLength, hashes: { sha256: manifest.sha256 } };
  const { staging } = await signer.repository.roles(familyOf(id.model));
  refuseForeignKey(signer.key, 'staging', staging);
  withListing(staging.file, { path: targetPath('staging', id), target }, signer.nowMs); // throws before the upload
  const manifestFile: ReleaseFile = {
    name: 'manifest.json',
    bytes: target.length,
    sha256: manifest.sha256,
    open: () => Readable.from([manifest.bytes]),
  };
  let uploadedBytes = 0;
  let skippedBytes = 0;
  for (const file of [...distinct(release.files), manifestFile]) {
    if (await upload(file, signer, onProgress)) uploadedBytes += file.bytes;
    else skippedBytes += file.bytes;
  }
  const change = await listRelease(signer, { stage: 'staging', release: id, target }, () => {});
  return { release: formatReleaseId(id), manifest: manifest.sha256, uploadedBytes, skippedBytes, change };
}

/** False when the server had it. */
async function upload(
  file: ReleaseFile,
  { server }: Signer,
  onProgress: (progress: TransferProgress) => void,
): Promise<boolean> {
  const { name, bytes, sha256 } = file;
  const report = (state: TransferProgress['state'], doneBytes: number) =>
    onProgress({ file: name, state, doneBytes, totalBytes: bytes });
  if (await server.hasBlob(sha256)) {
    report('skipped', bytes);
    return false;
  }
  const content = counted(file.open(), (doneBytes) => report('moving', doneBytes));
  await server.putBlob(sha256, bytes, Readable.from(content));
  report('done', bytes);
  return true;
}

async function* counted(source: AsyncIterable<Uint8Array>, count: (bytes: number) => void) {
  let bytes = 0;
  for await (const chunk of source) {
    yield chunk;
    bytes += chunk.byteLength;
    count(bytes);
  }
}

/** Two names of the same bytes travel once. */
function distinct(files: readonly ReleaseFile[]): ReleaseFile[] {
  return [...new Map(files.map((file) => [file.sha256, file])).values()];
}

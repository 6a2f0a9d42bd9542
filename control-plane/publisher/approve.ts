import { createHash } from 'node:crypto';
import { messageOf } from '@bellwether/shared/errors';
import { familyOf, formatReleaseId, type ReleaseId } from '@bellwether/shared/ids';
import { decodeManifest, type Manifest, maxManifestBytes, releaseOf } from '@bellwether/shared/models/manifest';
import { type Stage, targetPath } from '../catalog/repository-layout.js';
import type { Target } from '../catalog/role-file.js';
import { isSameFile } from '../catalog/role-rules.js';
import { listRelease, type RoleChange, refuseForeignKey, type Signer } from './list-release.js';
import type { TransferProgress } from './publish.js';
import { PublisherError } from './publisher-error.js';
import type { ReleaseServer } from './release-server.js';
import type { TrustedRole } from './trusted-repository.js';

/** What an approver has fetched and hashed, and the change that was signed. */
export interface Approval {
  readonly release: string;
  readonly manifest: string;
  readonly checkedBytes: number;
  readonly change: RoleChange;
}

/**
 * Approves a release for production: takes what staging lists, fetches the manifest and every file, hashes them, and lists
 * the very same length and digest in production [T-1, T-13]. Throws PublisherError, ServerRefusal or ServerError.
 */
export async function approveRelease(
  id: ReleaseId,
  signer: Signer,
  onProgress: (progress: TransferProgress) => void,
): Promise<Approval> {
  const roles = await signer.repository.roles(familyOf(id.model));
  refuseForeignKey(signer.key, 'production', roles.production);
  const target = stagedTarget(roles.staging, id);
  const manifest = await fetchManifest(signer.server, id, target);
  let checkedBytes = target.length;
  for (const [name, file] of Object.entries(manifest.files)) {
    await checkFile(signer.server, { name, ...file }, onProgress);
    checkedBytes += file.bytes;
  }
  const stillStaged = ({ staging }: Readonly<Record<Stage, TrustedRole>>) => {
    if (isSameFile(stagedTarget(staging, id), target)) return;
    throw new PublisherError('release-changed', `${formatReleaseId(id)} has changed in staging while it was checked`);
  };
  const change = await listRelease(signer, { stage: 'production', release: id, target: bare(target) }, stillStaged);
  return { release: formatReleaseId(id), manifest: target.hashes.sha256, checkedBytes, change };
}

function stagedTarget({ file }: TrustedRole, id: ReleaseId): Target {
  const name = formatReleaseId(id);
  const target = file.signed.targets[targetPath('staging', id)];
  if (target === undefined) throw new PublisherError('not-staged', `${name} is not published in staging`);
  const reason = target.custom?.withdrawn;
  if (reason !== undefined) throw new PublisherError('withdrawn', `${name} was withdrawn: ${reason}`);
  return target;
}

async function fetchManifest(server: ReleaseServer, id: ReleaseId, target: Target): Promise<Manifest> {
  const name = formatReleaseId(id);
  const limit = Math.min(target.length, maxManifestBytes);
  const chunks: Uint8Array[] = [];
  const digest = await hashBlob(await server.getBlob(target.hashes.sha256), limit, (chunk) => chunks.push(chunk));
  if (digest !== target.hashes.sha256) {
    throw new PublisherError('manifest-digest', `the server's manifest of ${name} is not the one that staging signed`);
  }
  const manifest = decodeNamed(Buffer.concat(chunks), name);
  if (releaseOf(manifest) !== name) {
    throw new PublisherError('manifest-identity', `the manifest listed as ${name} is that of ${releaseOf(manifest)}`);
  }
  return manifest;
}

function decodeNamed(bytes: Uint8Array, name: string): Manifest {
  try {
    return decodeManifest(bytes);
  } catch (cause) {
    throw new PublisherError('manifest-schema', `the manifest of ${name} is not one: ${messageOf(cause)}`, { cause });
  }
}

async function checkFile(
  server: ReleaseServer,
  file: { readonly name: string; readonly bytes: number; readonly sha256: string },
  onProgress: (progress: TransferProgress) => void,
): Promise<void> {
  let doneBytes = 0;
  const digest = await hashBlob(await server.getBlob(file.sha256), file.bytes, (chunk) => {
    doneBytes += chunk.byteLength;
    onProgress({ file: file.name, state: 'moving', doneBytes, totalBytes: file.bytes });
  });
  if (digest !== file.sha256 || doneBytes !== file.bytes) {
    throw new PublisherError('blob-digest', `the server's ${file.name} is not the file that the manifest names`);
  }
  onProgress({ file: file.name, state: 'done', doneBytes, totalBytes: file.bytes });
}

/** Digest of at most `limit` bytes; undefined when there are more: no server makes us read for ever. */
async function hashBlob(
  content: AsyncIterable<Uint8Array>,
  limit: number,
  take: (chunk: Uint8Array) => void,
): Promise<string | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.byteLength;
    if (bytes > limit) return undefined;
    hash.update(chunk);
    take(chunk);
  }
  return hash.digest('hex');
}

/** The staging entry without its remarks: production signs length and digest, nothing else. */
function bare({ length, hashes }: Target): Target {
  return { length, hashes };
}

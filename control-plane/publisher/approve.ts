import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@bellwether/shared/errors';
import { familyOf, formatReleaseId, type ReleaseId } from '@bellwether/shared/ids';
import { decodeManifest, type Manifest, maxManifestBytes, releaseOf } from '@bellwether/shared/models/manifest';
import { type Stage, targetPath } from '../catalog/repository-layout.js';
import type { Target } from '../catalog/role-file.js';
import { isSameFile } from '../catalog/role-rules.js';
import { scoreProblem } from './benchmark-classes.js';
import { listRelease, type RoleChange, refuseForeignKey, type Signer } from './list-release.js';
import type { TransferProgress } from './publish.js';
import { PublisherError } from './publisher-error.js';
import type { ReleaseServer } from './release-server.js';
import { type Trial, TrialError, type TrialResult } from './release-trial.js';
import type { TrustedRole } from './trusted-repository.js';

/** Who approves, and how he runs what he approves. */
interface Approver extends Signer {
  readonly trial: Trial;
}

/** What an approver has fetched, hashed and run, and the change that was signed. */
export interface Approval {
  readonly release: string;
  readonly manifest: string;
  readonly checkedBytes: number;
  readonly trial: TrialResult;
  readonly change: RoleChange;
}

/**
 * Approves a release for production: takes what staging lists, fetches the manifest and every file, hashes them, runs the
 * golden vectors and the benchmark, and lists the very same length and digest in production [T-1, T-13]. Throws
 * PublisherError, TrialError, ServerRefusal or ServerError; nothing was signed then.
 */
export async function approveRelease(
  id: ReleaseId,
  signer: Approver,
  onProgress: (progress: TransferProgress) => void,
): Promise<Approval> {
  const roles = await signer.repository.roles(familyOf(id.model));
  refuseForeignKey(signer.key, 'production', roles.production);
  const target = stagedTarget(roles.staging, id);
  refuseWithdrawn(roles.production.file.signed.targets[targetPath('production', id)], id);
  const { trial, checkedBytes } = await inTrialFolder((folder) => check(id, signer, { target, folder, onProgress }));
  const stillStaged = ({ staging }: Readonly<Record<Stage, TrustedRole>>) => {
    if (isSameFile(stagedTarget(staging, id), target)) return;
    throw new PublisherError('release-changed', `${formatReleaseId(id)} has changed in staging while it was checked`);
  };
  const change = await listRelease(signer, { stage: 'production', release: id, target: bare(target) }, stillStaged);
  return { release: formatReleaseId(id), manifest: target.hashes.sha256, checkedBytes, trial, change };
}

interface Checking {
  readonly target: Target;
  /** Where what was fetched is kept for the trial. */
  readonly folder: string;
  readonly onProgress: (progress: TransferProgress) => void;
}

/** Fetches, hashes and runs; the trial reads the very files that were hashed, and hashes them once more. */
async function check(id: ReleaseId, { server, trial }: Approver, { target, folder, onProgress }: Checking) {
  const { manifest, bytes } = await fetchManifest(server, id, target);
  await writeFile(join(folder, 'manifest.json'), bytes);
  let checkedBytes = target.length;
  for (const [name, file] of Object.entries(manifest.files)) {
    await fetchFile(server, { name, ...file, path: join(folder, name) }, onProgress);
    checkedBytes += file.bytes;
  }
  const result = await trial(folder, target.hashes.sha256);
  const problem = scoreProblem(manifest.benchmark?.value, result.benchmark?.accuracy);
  if (problem !== undefined) throw new TrialError('trial-failed', `${formatReleaseId(id)}: ${problem}`);
  return { trial: result, checkedBytes };
}

async function inTrialFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-trial-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function stagedTarget({ file }: TrustedRole, id: ReleaseId): Target {
  const name = formatReleaseId(id);
  const target = file.signed.targets[targetPath('staging', id)];
  if (target === undefined) throw new PublisherError('not-staged', `${name} is not published in staging`);
  refuseWithdrawn(target, id);
  return target;
}

function refuseWithdrawn(target: Target | undefined, id: ReleaseId): void {
  const reason = target?.custom?.withdrawn;
  if (reason === undefined) return;
  throw new PublisherError('withdrawn', `${formatReleaseId(id)} was withdrawn: ${reason}`);
}

async function fetchManifest(
  server: ReleaseServer,
  id: ReleaseId,
  target: Target,
): Promise<{ readonly manifest: Manifest; readonly bytes: Uint8Array }> {
  const name = formatReleaseId(id);
  const limit = Math.min(target.length, maxManifestBytes);
  const chunks: Uint8Array[] = [];
  const digest = await hashBlob(await server.getBlob(target.hashes.sha256), limit, (chunk) => chunks.push(chunk));
  if (digest !== target.hashes.sha256) {
    throw new PublisherError('manifest-digest', `the server's manifest of ${name} is not the one that staging signed`);
  }
  const bytes = Buffer.concat(chunks);
  const manifest = decodeNamed(bytes, name);
  if (releaseOf(manifest) !== name) {
    throw new PublisherError('manifest-identity', `the manifest listed as ${name} is that of ${releaseOf(manifest)}`);
  }
  return { manifest, bytes };
}

function decodeNamed(bytes: Uint8Array, name: string): Manifest {
  try {
    return decodeManifest(bytes);
  } catch (cause) {
    throw new PublisherError('manifest-schema', `the manifest of ${name} is not one: ${messageOf(cause)}`, { cause });
  }
}

async function fetchFile(
  server: ReleaseServer,
  file: { readonly name: string; readonly bytes: number; readonly sha256: string; readonly path: string },
  onProgress: (progress: TransferProgress) => void,
): Promise<void> {
  let doneBytes = 0;
  const kept = await open(file.path, 'wx');
  const keep = async (chunk: Uint8Array) => {
    await kept.writeFile(chunk);
    doneBytes += chunk.byteLength;
    onProgress({ file: file.name, state: 'moving', doneBytes, totalBytes: file.bytes });
  };
  let digest: string | undefined;
  try {
    digest = await hashBlob(await server.getBlob(file.sha256), file.bytes, keep);
  } finally {
    await kept.close();
  }
  if (digest !== file.sha256 || doneBytes !== file.bytes) {
    throw new PublisherError('blob-digest', `the server's ${file.name} is not the file that the manifest names`);
  }
  onProgress({ file: file.name, state: 'done', doneBytes, totalBytes: file.bytes });
}

/** Digest of at most `limit` bytes; undefined when there are more: no server makes us read for ever. */
async function hashBlob(
  content: AsyncIterable<Uint8Array>,
  limit: number,
  take: (chunk: Uint8Array) => unknown,
): Promise<string | undefined> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.byteLength;
    if (bytes > limit) return undefined;
    hash.update(chunk);
    await take(chunk);
  }
  return hash.digest('hex');
}

/** The staging entry without its remarks: production signs length and digest, nothing else. */
function bare({ length, hashes }: Target): Target {
  return { length, hashes };
}

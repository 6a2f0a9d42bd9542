import { DecodeError } from '@bellwether/shared/contract/decode';
import { blobPath, metadataPath } from '@bellwether/shared/contract/http-api';
import { decodeOnlineKeys, onlineKeysPath } from '@bellwether/shared/contract/online-keys';
import type { Refusal } from '@bellwether/shared/contract/refusal';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { leafProblem } from '@bellwether/shared/trust/listing-policy';
import { fetchSmallFile, type RemoteFolder } from './metadata-http.js';
import { AdmissionRefusal } from './refusal.js';
import { isSignedLeaf } from './release-verifier.js';
import type { RefreshedMetadata, RefreshRequest, Repository } from './repository.js';
import type { updateInThread } from './repository-tuf-thread.js';
import type { FetchFile, TufMetadata } from './repository-tuf-workflow.js';
import { decodeRoot, decodeSnapshot, decodeTargets, decodeTimestamp, type TargetsFile } from './tuf-documents.js';

const maxOnlineKeysBytes = 64 * 1024;

/** How the artefact plane is asked. */
export interface ArtefactPlane {
  readonly baseUrl: string;
  /** For one file. */
  readonly timeoutMs: number;
}

/** Verifies metadata: `updateInThread`, unless a test of the attack suite stands in its place. */
export type UpdateMetadata = typeof updateInThread;

/** What stands between the artefact plane and belief. */
export interface RepositoryGuards {
  readonly update: UpdateMetadata;
  readonly leaf: typeof leafProblem;
}

/**
 * The main process's verifier [T-3a]: tuf-js in a worker thread, then our own schemas, and keys/online.json. It works on
 * copies: what it found becomes real when the store switches to it.
 */
export class TufRepository implements Repository {
  readonly #plane: ArtefactPlane;
  readonly #deadlineMs: number;
  readonly #guards: RepositoryGuards;

  /** `deadlineMs` is for a whole refresh. */
  constructor(plane: ArtefactPlane, deadlineMs: number, guards: RepositoryGuards) {
    this.#plane = plane;
    this.#deadlineMs = deadlineMs;
    this.#guards = guards;
  }

  async refresh(request: RefreshRequest, signal: AbortSignal): Promise<RefreshedMetadata> {
    const remote = folderOf(this.#plane, metadataPath);
    const fetchFile: FetchFile = (name, maxBytes) => fetchSmallFile(remote, name, maxBytes);
    const limits = { signal, deadlineMs: this.#deadlineMs };
    const found = await this.#guards.update(request, fetchFile, limits);
    const blobs = folderOf(this.#plane, blobPath);
    const fetchBlob: FetchFile = (digest, maxBytes) => fetchSmallFile(blobs, digest, maxBytes);
    return settleRefresh(found, { request, fetchBlob, leaf: this.#guards.leaf });
  }
}

interface Settling {
  readonly request: Pick<RefreshRequest, 'stored'>;
  /** Asked for a digest. */
  readonly fetchBlob: FetchFile;
  readonly leaf: RepositoryGuards['leaf'];
}

/**
 * What follows tuf-js: every file as our own schemas read it, keys/online.json by its digest, and roles that are not
 * believed kept as they were. Rejects with AdmissionRefusal.
 */
export async function settleRefresh(
  { roots, timestamp, snapshot, targets, ...delegated }: TufMetadata,
  { request, fetchBlob, leaf }: Settling,
): Promise<RefreshedMetadata> {
  const read = asWeReadThem(() => {
    for (const root of roots) decodeRoot(root);
    decodeTimestamp(timestamp);
    decodeSnapshot(snapshot);
    return decodeTargets(targets, 'targets');
  });
  const before = request.stored.current;
  const onlineKeys = await updateOnlineKeys(read, before?.onlineKeys, fetchBlob);
  const { leaves, problems } = settleLeaves(delegated, read, before?.leaves ?? new Map(), leaf);
  return { metadata: { roots, current: { timestamp, snapshot, targets, onlineKeys, leaves } }, problems };
}

/** A folder of the plane: metadata or blobs. */
export function folderOf({ baseUrl, timeoutMs }: ArtefactPlane, path: string): RemoteFolder {
  return { url: baseUrl.replace(/\/+$/, '') + path, timeoutMs };
}

interface DelegatedRoles {
  readonly leaves: ReadonlyMap<string, Uint8Array>;
  readonly problems: ReadonlyMap<string, Refusal>;
}

/**
 * A role whose newest file is not believed is kept as it was verified last, as long as its keys still may sign it: what
 * serves from it must be able to start again.
 */
function settleLeaves(
  found: DelegatedRoles,
  targets: TargetsFile,
  before: ReadonlyMap<string, Uint8Array>,
  leaf: typeof leafProblem,
) {
  const leaves = new Map(found.leaves);
  const problems = new Map(found.problems);
  for (const [name, bytes] of found.leaves) {
    const problem = problemOf(name, bytes, leaf);
    if (problem !== undefined) problems.set(name, problem);
  }
  for (const name of problems.keys()) {
    const kept = before.get(name);
    if (kept !== undefined && isSignedLeaf(kept, name, targets)) leaves.set(name, kept);
    else leaves.delete(name);
  }
  return { leaves, problems };
}

/** What is wrong with a role's file that is rightly signed. */
function problemOf(name: string, bytes: Uint8Array, leaf: typeof leafProblem): Refusal | undefined {
  try {
    const message = leaf(name, decodeTargets(bytes, name));
    return message === undefined ? undefined : { code: 'listing-policy', message };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { code: 'not-listed', message: error.message };
  }
}

async function updateOnlineKeys(
  targets: TargetsFile,
  before: Uint8Array | undefined,
  fetchBlob: FetchFile,
): Promise<Uint8Array> {
  const entry = targets.signed.targets[onlineKeysPath];
  if (entry === undefined) throw refused(`targets.json does not list ${onlineKeysPath}`);
  const digest = entry.hashes.sha256;
  if (before !== undefined && sha256(before) === digest) return before;
  const bytes = await fetchBlob(digest, Math.min(entry.length, maxOnlineKeysBytes));
  if (bytes === undefined) throw new AdmissionRefusal('network', `${onlineKeysPath}, blob ${digest}, is not there`);
  if (bytes.byteLength !== entry.length || sha256(bytes) !== digest) {
    throw refused(`${onlineKeysPath} does not match its digest ${digest}`);
  }
  asWeReadThem(() => decodeOnlineKeys(bytes));
  return bytes;
}

/** tuf-js is lenient about what it does not need; we are not. */
function asWeReadThem<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw refused(cause.message, { cause });
  }
}

function refused(message: string, options?: ErrorOptions): AdmissionRefusal {
  return new AdmissionRefusal('metadata-refused', message, options);
}

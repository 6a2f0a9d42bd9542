import { DecodeError } from '@bellwether/shared/contract/decode';
import { blobPath, metadataPath } from '@bellwether/shared/contract/http-api';
import { onlineKeysPath } from '@bellwether/shared/contract/online-keys';
import type { Refusal } from '@bellwether/shared/contract/refusal';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { leafProblem } from '@bellwether/shared/trust/listing-policy';
import { fetchSmallFile, type RemoteFolder } from './metadata-http.js';
import { MetadataReader, type ReadMetadata } from './metadata-reading.js';
import { AdmissionRefusal } from './refusal.js';
import { isSignedLeaf } from './release-verifier.js';
import type { RefreshedMetadata, RefreshRequest, Repository } from './repository.js';
import type { updateInThread } from './repository-tuf-thread.js';
import type { FetchFile, TufMetadata } from './repository-tuf-workflow.js';
import type { TargetsFile } from './tuf-documents.js';

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
  #last: ReadMetadata | undefined;
  /** The chain of roots as far as it was verified, when that is further than what is stored. */
  #ahead: readonly Uint8Array[] = [];

  /** `deadlineMs` is for a pass: see #follow. */
  constructor(plane: ArtefactPlane, deadlineMs: number, guards: RepositoryGuards) {
    this.#plane = plane;
    this.#deadlineMs = deadlineMs;
    this.#guards = guards;
  }

  async refresh(request: RefreshRequest, signal: AbortSignal): Promise<RefreshedMetadata> {
    const found = await this.#follow(request, signal);
    const blobs = folderOf(this.#plane, blobPath);
    const fetchBlob: FetchFile = (digest, maxBytes) => fetchSmallFile(blobs, digest, maxBytes);
    const { leaf } = this.#guards;
    const refreshed = await settleRefresh(found, { request, fetchBlob, leaf, last: this.#last });
    this.#last = { bytes: refreshed.metadata, metadata: refreshed.read };
    return refreshed;
  }

  /** As many passes as it takes to the newest root. Roots that are verified are kept for a next refresh when a pass fails. */
  async #follow(request: RefreshRequest, signal: AbortSignal): Promise<TufMetadata> {
    const remote = folderOf(this.#plane, metadataPath);
    const fetchFile: FetchFile = (name, maxBytes) => fetchSmallFile(remote, name, maxBytes);
    const limits = { signal, deadlineMs: this.#deadlineMs };
    for (;;) {
      const roots = this.#ahead.length > request.stored.roots.length ? this.#ahead : request.stored.roots;
      const stored = { ...request.stored, roots };
      const found = await this.#guards.update({ ...request, stored }, fetchFile, limits);
      this.#ahead = found.kind === 'roots' ? found.roots : [];
      if (found.kind === 'updated') return found;
    }
  }
}

interface Settling {
  readonly request: Pick<RefreshRequest, 'stored'>;
  /** Asked for a digest. */
  readonly fetchBlob: FetchFile;
  readonly leaf: RepositoryGuards['leaf'];
  /** What the refresh before found. */
  readonly last?: ReadMetadata | undefined;
}

/**
 * What follows tuf-js: every file as our own schemas read it, keys/online.json by its digest, and roles that are not
 * believed kept as they were. Rejects with AdmissionRefusal.
 */
export async function settleRefresh(found: TufMetadata, settling: Settling): Promise<RefreshedMetadata> {
  try {
    return await settle(found, settling, new MetadataReader(settling.last));
  } catch (cause) {
    // tuf-js is lenient about what it does not need; we are not.
    throw cause instanceof DecodeError ? refused(cause.message, { cause }) : cause;
  }
}

async function settle(
  { roots, timestamp, snapshot, targets, ...delegated }: TufMetadata,
  { request: { stored }, fetchBlob, leaf }: Settling,
  reader: MetadataReader,
): Promise<RefreshedMetadata> {
  const newRoots = [];
  for (const root of roots.slice(stored.roots.length)) newRoots.push(await reader.root(root));
  const root = newRoots.at(-1) ?? (await reader.root(roots.at(-1) ?? new Uint8Array()));
  const read = {
    timestamp: await reader.timestamp(timestamp),
    snapshot: await reader.snapshot(snapshot),
    targets: await reader.targets(targets),
  };
  const onlineKeys = await updateOnlineKeys(read.targets, stored.current?.onlineKeys, fetchBlob);
  const keys = await reader.onlineKeys(onlineKeys);
  const settled = await settleLeaves(delegated, read.targets, { before: stored.current?.leaves, leaf, reader });
  return {
    metadata: { roots, current: { timestamp, snapshot, targets, onlineKeys, leaves: settled.bytes } },
    read: { root, current: { ...read, onlineKeys: keys, leaves: settled.leaves } },
    newRoots,
    problems: settled.problems,
  };
}

/** A folder of the plane: metadata or blobs. */
export function folderOf({ baseUrl, timeoutMs }: ArtefactPlane, path: string): RemoteFolder {
  return { url: baseUrl.replace(/\/+$/, '') + path, timeoutMs };
}

interface DelegatedRoles {
  readonly leaves: ReadonlyMap<string, Uint8Array>;
  readonly problems: ReadonlyMap<string, Refusal>;
}

interface LeafSettling {
  readonly before: ReadonlyMap<string, Uint8Array> | undefined;
  readonly leaf: typeof leafProblem;
  readonly reader: MetadataReader;
}

/**
 * A role whose newest file is not believed is kept as it was verified last, as long as its keys still may sign it: what
 * serves from it must be able to start again.
 */
async function settleLeaves(
  found: DelegatedRoles,
  targets: TargetsFile,
  { before, leaf, reader }: LeafSettling,
): Promise<{ bytes: Map<string, Uint8Array>; leaves: Map<string, TargetsFile>; problems: Map<string, Refusal> }> {
  const bytes = new Map(found.leaves);
  const leaves = new Map<string, TargetsFile>();
  const problems = new Map(found.problems);
  for (const [name, each] of found.leaves) {
    const read = await readLeaf(name, each, { leaf, reader });
    if ('code' in read) problems.set(name, read);
    else leaves.set(name, read);
  }
  for (const name of problems.keys()) {
    const kept = before?.get(name);
    if (kept === undefined || !isSignedLeaf(kept, name, targets)) {
      bytes.delete(name);
      continue;
    }
    bytes.set(name, kept);
    leaves.set(name, await reader.leaf(name, kept));
  }
  return { bytes, leaves, problems };
}

/** A role's file that is rightly signed, or what is wrong with it all the same. */
async function readLeaf(
  name: string,
  bytes: Uint8Array,
  { leaf, reader }: Pick<LeafSettling, 'leaf' | 'reader'>,
): Promise<TargetsFile | Refusal> {
  try {
    const file = await reader.leaf(name, bytes);
    const message = leaf(name, file);
    return message === undefined ? file : { code: 'listing-policy', message };
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
  return bytes;
}

function refused(message: string, options?: ErrorOptions): AdmissionRefusal {
  return new AdmissionRefusal('metadata-refused', message, options);
}

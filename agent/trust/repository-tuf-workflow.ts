import type { Refusal } from '@bellwether/shared/contract/refusal';
import { onlineKeysReplaced } from './floors.js';
import { AdmissionRefusal } from './refusal.js';
import type { RefreshRequest } from './repository.js';
import { isPassed, type MetadataCore, TufCore } from './repository-tuf-core.js';
import { maxRoleBytes, maxRootBytes, maxTimestampBytes } from './tuf-limits.js';

/** Missed rotations that one pass follows. */
const maxRootRotations = 256;

/** What a pass comes to: `roots` when there are more of them than it may follow, and the next pass goes on from these. */
export type TufProgress = TufMetadata | { readonly kind: 'roots'; readonly roots: readonly Uint8Array[] };

/** Metadata that tuf-js has verified. */
export interface TufMetadata {
  readonly kind: 'updated';
  readonly roots: readonly Uint8Array[];
  readonly timestamp: Uint8Array;
  readonly snapshot: Uint8Array;
  readonly targets: Uint8Array;
  readonly leaves: ReadonlyMap<string, Uint8Array>;
  /** Wanted roles that did not verify, and why. */
  readonly problems: ReadonlyMap<string, Refusal>;
}

/** A metadata file of the repository, at most `maxBytes`; undefined when it is not there. Rejects with AdmissionRefusal. */
export type FetchFile = (name: string, maxBytes: number) => Promise<Uint8Array | undefined>;

type StoredFiles = Partial<Pick<TufMetadata, 'timestamp' | 'snapshot' | 'targets' | 'leaves'>>;

/** One pass over the repository. */
interface Pass {
  readonly core: MetadataCore;
  readonly fetchFile: FetchFile;
  /** What was verified before and may serve again. */
  readonly stored: StoredFiles;
}

/** Opens a core over a trusted root, which judges expiry at that time, milliseconds since 1970. */
export type OpenCore = (root: Uint8Array, referenceTimeMs: number) => MetadataCore;

const openTufCore: OpenCore = (root, referenceTimeMs) => new TufCore(root, referenceTimeMs);

/** TUF's client workflow (specification §5.3–5.6): stored files first, then what is newer. Rejects with AdmissionRefusal. */
export async function updateMetadata(
  request: RefreshRequest,
  fetchFile: FetchFile,
  openCore: OpenCore = openTufCore,
): Promise<TufProgress> {
  const { core, roots, isNewest } = await updateRoots(request, fetchFile, openCore);
  if (!isNewest) return { kind: 'roots', roots };
  const stored: StoredFiles = request.stored.current ?? {};
  // §5.3.11: versions that were run up with stolen online keys do not bind the keys after them.
  const online = { core, fetchFile, stored: onlineKeysReplaced(request.floors, core.onlineTrust) ? {} : stored };
  const timestamp = await updateTimestamp(online);
  const snapshot = await updateSnapshot(online);
  const targets = await updateRole('targets', stored.targets, { core, fetchFile, stored });
  const { leaves, problems } = await updateLeaves(request.wanted, { core, fetchFile, stored });
  return { kind: 'updated', roots, timestamp, snapshot, targets, leaves, problems };
}

async function updateRoots({ stored, trustedTimeMs }: RefreshRequest, fetchFile: FetchFile, openCore: OpenCore) {
  const roots = [...stored.roots];
  const core = openCore(roots.at(-1) ?? new Uint8Array(), trustedTimeMs);
  for (let rotations = 0; rotations < maxRootRotations; rotations++) {
    const bytes = await fetchFile(`${core.onlineTrust.version + 1}.root.json`, maxRootBytes);
    if (bytes === undefined) return { core, roots, isNewest: true };
    core.updateRoot(bytes);
    roots.push(bytes);
  }
  return { core, roots, isNewest: false };
}

async function updateTimestamp({ core, fetchFile, stored }: Pass): Promise<Uint8Array> {
  const before = stored.timestamp;
  // An expired one throws and stays the base for the new one, as it should.
  if (before !== undefined) isPassed(() => core.updateTimestamp(before));
  const bytes = await fetchNeeded(fetchFile, 'timestamp.json', maxTimestampBytes);
  return core.updateTimestamp(bytes) || before === undefined ? bytes : before;
}

async function updateSnapshot({ core, fetchFile, stored }: Pass): Promise<Uint8Array> {
  const before = stored.snapshot;
  if (before !== undefined && isPassed(() => core.updateSnapshot(before, true))) return before;
  const meta = core.snapshotMeta;
  const bytes = await fetchNeeded(fetchFile, `${meta?.version}.snapshot.json`, capOf(meta?.length));
  core.updateSnapshot(bytes, false);
  return bytes;
}

async function updateRole(
  name: string,
  before: Uint8Array | undefined,
  { core, fetchFile }: Pass,
): Promise<Uint8Array> {
  if (before !== undefined && isPassed(() => core.updateTargets(before, name))) return before;
  const meta = core.metaOf(name);
  if (meta === undefined) throw new AdmissionRefusal('metadata-refused', `the snapshot does not name ${name}.json`);
  const bytes = await fetchNeeded(fetchFile, `${meta.version}.${name}.json`, capOf(meta.length));
  core.updateTargets(bytes, name);
  return bytes;
}

/** A role that does not verify is that role's problem: one bad publisher must not stop the others' updates. */
async function updateLeaves(wanted: readonly string[], pass: Pass) {
  const leaves = new Map<string, Uint8Array>();
  const problems = new Map<string, Refusal>();
  for (const name of wanted.filter((role) => pass.core.isDelegated(role))) {
    try {
      leaves.set(name, await updateRole(name, pass.stored.leaves?.get(name), pass));
    } catch (error) {
      if (!(error instanceof AdmissionRefusal) || error.code === 'network') throw error;
      const code = error.code === 'metadata-stale' ? error.code : 'not-listed';
      problems.set(name, { code, message: error.message });
    }
  }
  return { leaves, problems };
}

async function fetchNeeded(fetchFile: FetchFile, name: string, maxBytes: number): Promise<Uint8Array> {
  const bytes = await fetchFile(name, maxBytes);
  if (bytes === undefined) throw new AdmissionRefusal('network', `the repository has no ${name}`);
  return bytes;
}

function capOf(length: number | undefined): number {
  return Math.min(length ?? maxRoleBytes, maxRoleBytes);
}

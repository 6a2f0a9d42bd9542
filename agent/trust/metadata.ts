import { decodeOnlineKeys, type OnlineKeys } from '@bellwether/shared/contract/online-keys';
import {
  decodeRoot,
  decodeSnapshot,
  decodeTargets,
  decodeTimestamp,
  type RootFile,
  type SnapshotFile,
  type TargetsFile,
  type TimestampFile,
} from './tuf-documents.js';

/** Verified metadata as bytes: what is kept on disk. */
export interface MetadataBytes {
  /** The chain from the pinned root, ascending without gaps. */
  readonly roots: readonly Uint8Array[];
  /** Null until the first refresh has passed. */
  readonly current: CurrentBytes | null;
}

export interface CurrentBytes {
  readonly timestamp: Uint8Array;
  readonly snapshot: Uint8Array;
  readonly targets: Uint8Array;
  readonly onlineKeys: Uint8Array;
  /** Delegated roles by name. */
  readonly leaves: ReadonlyMap<string, Uint8Array>;
}

/** Verified metadata, read. */
export interface Metadata {
  readonly root: RootFile;
  readonly current: CurrentMetadata | null;
}

export interface CurrentMetadata {
  readonly timestamp: TimestampFile;
  readonly snapshot: SnapshotFile;
  readonly targets: TargetsFile;
  readonly onlineKeys: OnlineKeys;
  readonly leaves: ReadonlyMap<string, TargetsFile>;
}

/** Reads metadata that a verifier has passed; throws DecodeError. */
export function decodeMetadata(bytes: MetadataBytes): Metadata {
  const newest = bytes.roots.at(-1);
  if (newest === undefined) throw new TypeError('metadata begins with a root');
  return { root: decodeRoot(newest), current: bytes.current === null ? null : decodeCurrent(bytes.current) };
}

function decodeCurrent(bytes: CurrentBytes): CurrentMetadata {
  return {
    timestamp: decodeTimestamp(bytes.timestamp),
    snapshot: decodeSnapshot(bytes.snapshot),
    targets: decodeTargets(bytes.targets, 'targets'),
    onlineKeys: decodeOnlineKeys(bytes.onlineKeys),
    leaves: new Map([...bytes.leaves].map(([name, leaf]) => [name, decodeTargets(leaf, name)])),
  };
}

/** True when both are the same bytes: then there is nothing to write. */
export function isSameMetadata(a: MetadataBytes, b: MetadataBytes): boolean {
  const [filesA, filesB] = [filesOf(a), filesOf(b)];
  return filesA.size === filesB.size && [...filesA].every(([name, file]) => isSame(file, filesB.get(name)));
}

function filesOf({ roots, current }: MetadataBytes): ReadonlyMap<string, Uint8Array> {
  const files = new Map(roots.map((root, i) => [`root ${i}`, root]));
  if (current === null) return files;
  const { leaves, ...others } = current;
  return new Map([...files, ...Object.entries(others), ...leaves]);
}

/** True when both are the same bytes. */
export function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}

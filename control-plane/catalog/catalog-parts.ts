import type { Clock } from '@bellwether/shared/clock';
import type { Log } from '@bellwether/shared/log';
import type { Manifest } from '@bellwether/shared/models/manifest';
import type { OpenBlob } from './catalog.js';
import type { GarbageCollector } from './garbage-disk.js';
import type { MetadataKeyRing } from './metadata-key-ring-disk.js';
import type { OnlineKeyRing } from './online-key-ring-disk.js';
import type { ReleaseBlobs } from './release-check.js';
import type { RepositoryState, StoredRole } from './repository-state.js';
import type { CheckedTrust, TrustVerifier } from './trust-change.js';

/** The metadata folder, as far as the catalogue needs it. */
export interface Repository {
  metadataFile(name: string): Promise<Uint8Array | undefined>;
  publishRole(state: RepositoryState, name: string, role: StoredRole, nowMs: number): Promise<RepositoryState>;
  publishTrust(state: RepositoryState, change: CheckedTrust, nowMs: number): Promise<void>;
  finishTrust(): Promise<RepositoryState>;
  resignSnapshot(state: RepositoryState, nowMs: number): Promise<RepositoryState>;
  resignTimestamp(state: RepositoryState, nowMs: number): Promise<RepositoryState>;
}

/** The blobs, as far as the catalogue needs them. */
export interface Blobs extends ReleaseBlobs {
  open(digest: string): Promise<OpenBlob | undefined>;
  put(digest: string, source: AsyncIterable<Uint8Array>): Promise<void>;
}

/** What a catalogue starts from: parts, and what was verified on disk. */
export interface CatalogParts {
  readonly repository: Repository;
  readonly blobs: Blobs;
  readonly garbage: Pick<GarbageCollector, 'collect'>;
  readonly verify: TrustVerifier;
  readonly state: RepositoryState;
  /** The listed manifests, by digest. */
  readonly manifests: ReadonlyMap<string, Manifest>;
  readonly epoch: number;
  readonly keyRing: OnlineKeyRing;
  readonly metadataKeys: Pick<MetadataKeyRing, 'pairsFor' | 'prepare' | 'settle'>;
  readonly clock: Clock;
  readonly log: Log;
}

import type { Readable } from 'node:stream';
import type { Manifest } from '@bellwether/shared/models/manifest';
import type { ExpiringFile } from './expiring.js';
import type { Collected, Collection } from './garbage.js';
import type { ServerKeyUse } from './repository-layout.js';
import type { TrustChange } from './trust-change.js';

/** A release as the verified repository lists it. */
export interface CatalogRelease {
  readonly model: string;
  readonly version: string;
  /** SHA-256 of the manifest: what an order names. */
  readonly manifest: string;
  /** Bytes of all its files together. */
  readonly bytes: number;
  readonly staging: boolean;
  readonly production: boolean;
  /** The reason in a tombstone of either role [T-9]; null when there is none. */
  readonly withdrawn: string | null;
  readonly manifestDocument: Manifest;
}

/** What the rest of the server asks of the catalogue: the releases, as the signed roles list them now. */
export interface Catalog {
  /** True while the root carries the mark `development` [T-2]. */
  readonly development: boolean;
  /** SHA-256 of the newest root's bytes. */
  readonly rootSha256: string;
  /** The epoch of keys/online.json: a higher one resets the orders' generations [T-7]. */
  readonly epoch: number;
  /** Versions of the metadata that stands. */
  readonly versions: { readonly root: number; readonly targets: number; readonly snapshot: number };
  /** The metadata that has to be signed again soon, at this wall time. */
  expiring(nowMs: number): readonly ExpiringFile[];
  /** By model, newest version first. */
  releases(): readonly CatalogRelease[];
  find(model: string, version: string): CatalogRelease | undefined;
  /** Calls back after every change of the listed releases; the returned function ends it. */
  onChange(listener: () => void): () => void;
}

/** A blob that is open for reading. `read` may be called once; `close` ends it without reading. */
export interface OpenBlob {
  readonly bytes: number;
  /** Bytes `start` to `end`, both included. */
  read(start: number, end: number): Readable;
  close(): Promise<void>;
}

/** What the artefact plane's routes ask: static files out, blobs and roles in. */
export interface ArtefactStore {
  /** The bytes of a metadata file, `timestamp.json` or `4.targets.json`; undefined when there is none. */
  metadataFile(name: string): Promise<Uint8Array | undefined>;
  /** True for a blob that belongs to the metadata: what top-level targets lists, which is keys/online.json. */
  isMetadataBlob(sha256: string): boolean;
  openBlob(sha256: string): Promise<OpenBlob | undefined>;
  /** Stores a blob once its bytes have the digest; throws CatalogError `blob-digest`, `blob-too-large`, `storage`. */
  storeBlob(sha256: string, source: AsyncIterable<Uint8Array>): Promise<void>;
  /** Checks a signed role and makes it the newest; throws CatalogError. Answers with the version that now stands. */
  publishRole(role: string, bytes: Uint8Array): Promise<{ readonly version: number }>;
  /** The public key of the successor of one of the server's own keys: made here, of no effect until the root, or keys/online.json, names it. */
  prepareOnlineKey(use: ServerKeyUse): Promise<string>;
  /** Checks a change of who may sign and publishes all of it in one snapshot; throws CatalogError. */
  changeTrust(change: TrustChange): Promise<{ readonly snapshot: number }>;
  /** Removes the files that nobody refers to, while nothing else changes; throws CatalogError. */
  collect(collection: Collection): Promise<Collected>;
}

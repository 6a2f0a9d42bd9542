import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import type { Log } from '@bellwether/shared/log';
import { decodeManifest, type Manifest } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';
import { BlobStore } from './blob-store-disk.js';
import type { ArtefactStore, Catalog } from './catalog.js';
import { CatalogError } from './catalog-error.js';
import { GarbageCollector } from './garbage-disk.js';
import { importKeySet } from './key-set-import-disk.js';
import { MetadataKeyRing } from './metadata-key-ring-disk.js';
import { verifyDelegated, verifyTopLevel } from './metadata-tuf.js';
import { OnlineKeyRing } from './online-key-ring-disk.js';
import { readOnlineKeys } from './online-keys-blob.js';
import { PublishingCatalog } from './publishing-catalog.js';
import { listedManifests } from './releases.js';
import { RepositoryFolder } from './repository-disk.js';
import type { RepositoryState } from './repository-state.js';

/** Largest blob by default: what a manifest can name. */
const defaultMaxBlobBytes = 16 * 1024 ** 3;

export interface CatalogOptions {
  /** Holds `metadata/` and `blobs/sha256/`, which any web server may serve as well. */
  readonly folder: string;
  /** Holds the online keys: `snapshot.key`, `timestamp.key`, `director.key` and the others. */
  readonly keysFolder: string;
  /** The `server` folder of `bellwether keys init`: read on the first start, compared on later ones. */
  readonly importFrom?: string;
  readonly maxBlobBytes?: number;
  readonly clock: Clock;
  readonly log: Log;
  /** What writes: the tests cut the power between any two changes. */
  readonly disk?: DiskFiles;
}

/** The catalogue, open on a folder; `close` ends the re-signing and waits for what is being written. */
export type OpenedCatalog = Catalog & ArtefactStore & { readonly keyRing: OnlineKeyRing; close(): Promise<void> };

/**
 * Opens the catalogue: imports the key set on the first start, verifies everything, signs what is due. Throws CatalogError
 * `not-initialised`, `other-root`, `repository-corrupt` or `storage`.
 */
export async function openCatalog(options: CatalogOptions): Promise<OpenedCatalog> {
  const { folder, keysFolder, clock, log, disk = nodeFiles } = options;
  const metadata = join(folder, 'metadata');
  const blobFolder = join(folder, 'blobs', 'sha256');
  const imported = await importOnce({ ...options, disk }, { keys: keysFolder, metadata, blobs: blobFolder });
  const metadataKeys = await MetadataKeyRing.open({ folder: keysFolder, disk });
  const repository = new RepositoryFolder(metadata, metadataKeys, disk);
  if (imported !== undefined) await repository.initialise(imported, clock.now().wallMs);
  const blobs = new BlobStore(blobFolder, options.maxBlobBytes ?? defaultMaxBlobBytes, disk);
  await blobs.prepare();
  const state = await repository.load();
  await metadataKeys.settle(state.root);
  for (const [role, { problem }] of state.unsound) {
    log.error({ role, problem }, 'A role is not signed by its keys; nothing that it lists is offered');
  }
  const onlineKeys = await readOnlineKeys(state.targets.file, blobs).catch((cause: unknown) => {
    throw new CatalogError('repository-corrupt', messageOf(cause), { cause });
  });
  const keyRing = await OnlineKeyRing.open({ folder: keysFolder, disk }, onlineKeys);
  const catalog = new PublishingCatalog({
    repository,
    blobs,
    garbage: new GarbageCollector({ metadata, blobs, disk }),
    verify: { topLevel: verifyTopLevel, delegated: verifyDelegated },
    state,
    manifests: await readManifests(state, blobs, log),
    epoch: onlineKeys.epoch,
    keyRing,
    metadataKeys,
    clock,
    log,
  });
  await catalog.start();
  return catalog;
}

/** The roles that have a file after a first import; undefined when the folder had a repository already. */
async function importOnce(
  { importFrom, disk }: Pick<CatalogOptions, 'importFrom'> & { readonly disk: DiskFiles },
  to: { readonly keys: string; readonly metadata: string; readonly blobs: string },
): Promise<string[] | undefined> {
  const isThere = (path: string) => readFile(path).catch(() => undefined); // unreadable: the import or the load says why
  if ((await isThere(join(to.metadata, 'timestamp.json'))) === undefined) {
    if (importFrom !== undefined) return importKeySet(disk, importFrom, to);
    throw new CatalogError(
      'not-initialised',
      `${to.metadata} holds no repository yet: make a key set with bellwether keys init, and start once with its server folder`,
    );
  }
  const theirs = importFrom === undefined ? undefined : await isThere(join(importFrom, 'metadata', '1.root.json'));
  const ours = await isThere(join(to.metadata, '1.root.json'));
  if (theirs !== undefined && ours !== undefined && !theirs.equals(ours)) {
    throw new CatalogError(
      'other-root',
      `${importFrom} is another key set than the one that ${to.metadata} was made with`,
    );
  }
  return undefined;
}

/** A release whose manifest is lost or damaged is left out, and said: the others must go on. */
async function readManifests(state: RepositoryState, blobs: BlobStore, log: Log): Promise<Map<string, Manifest>> {
  const manifests = new Map<string, Manifest>();
  for (const digest of listedManifests(state)) {
    try {
      manifests.set(digest, decodeManifest(await readIntact(blobs, digest)));
    } catch (error) {
      log.error({ digest, error: messageOf(error) }, 'A listed manifest cannot be read; its release is left out');
    }
  }
  return manifests;
}

async function readIntact(blobs: BlobStore, digest: string): Promise<Uint8Array> {
  const bytes = await blobs.read(digest);
  if (bytes !== undefined && sha256(bytes) === digest) return bytes;
  throw new CatalogError('repository-corrupt', `blob ${digest} is missing or damaged`);
}

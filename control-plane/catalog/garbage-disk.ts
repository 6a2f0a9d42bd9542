import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import type { Manifest } from '@bellwether/shared/models/manifest';
import { type BlobStore, storageError } from './blob-store-disk.js';
import {
  type Collected,
  type Collection,
  neededBlobs,
  newestVersions,
  type StoredFile,
  unneededBlobs,
  unneededMetadata,
  versionOf,
} from './garbage.js';
import { metadataFileName } from './repository-layout.js';
import type { RepositoryState } from './repository-state.js';
import { decodeSnapshotFile } from './role-file.js';

interface Folders {
  readonly metadata: string;
  readonly blobs: Pick<BlobStore, 'list' | 'remove'>;
  readonly disk: DiskFiles;
}

/** Removes what nobody refers to. Whoever calls it holds every change of the repository off meanwhile. */
export class GarbageCollector {
  readonly #folders: Folders;

  constructor(folders: Folders) {
    this.#folders = folders;
  }

  /** Throws CatalogError as neededBlobs() does, or `storage`. */
  async collect(
    state: RepositoryState,
    manifests: ReadonlyMap<string, Manifest>,
    { dryRun, beforeMs, held }: Collection,
  ): Promise<Collected> {
    const { blobs: store } = this.#folders;
    const [stored, metadata] = [await store.list(), await this.#metadataFiles()];
    const needed = neededBlobs({ ...state, manifests, held: held() });
    const blobs = unneededBlobs(stored, needed, beforeMs);
    const old = unneededMetadata(metadata, await this.#namedBySnapshots(metadata), beforeMs);
    const removed = new Set<StoredFile>(dryRun ? [...blobs, ...old] : await this.#remove(blobs, old, beforeMs));
    return {
      blobs: blobs.filter((each) => removed.has(each)),
      metadata: old.filter((each) => removed.has(each)),
      kept: [...stored, ...metadata].filter((each) => !removed.has(each)),
    };
  }

  async #remove(
    blobs: readonly StoredFile[],
    metadata: readonly StoredFile[],
    beforeMs: number,
  ): Promise<StoredFile[]> {
    const { metadata: folder, blobs: store, disk } = this.#folders;
    const removed: StoredFile[] = [];
    try {
      // Metadata first: what a removed snapshot named is garbage as well, and never the other way round.
      for (const each of metadata) {
        await disk.remove(join(folder, each.name));
        removed.push(each);
      }
      for (const each of blobs) if (await store.remove(each.name, beforeMs)) removed.push(each);
    } catch (error) {
      throw storageError(error);
    }
    return removed;
  }

  async #metadataFiles(): Promise<StoredFile[]> {
    const { metadata } = this.#folders;
    const names = (await readdir(metadata)).filter((name) => versionOf(name) !== undefined);
    return Promise.all(
      names.map(async (name) => {
        const { size: bytes, mtimeMs: changedMs } = await stat(join(metadata, name));
        return { name, bytes, changedMs };
      }),
    );
  }

  /** The versions that the newest snapshots name: whoever has just fetched one of them asks for these next. */
  async #namedBySnapshots(files: readonly StoredFile[]): Promise<ReadonlySet<string>> {
    const named = new Set<string>();
    for (const name of newestVersions(files)) {
      if (versionOf(name)?.role !== 'snapshot') continue;
      const { meta } = decodeSnapshotFile(await readFile(join(this.#folders.metadata, name))).signed;
      for (const [file, { version }] of Object.entries(meta)) {
        named.add(metadataFileName(file.replace(/\.json$/, ''), version));
      }
    }
    return named;
  }
}

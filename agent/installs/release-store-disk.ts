import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { CodedError, codeOf, messageOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { makeFolderDurably, replaceDurably } from '@bellwether/shared/files/durable-file-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { InstallRecord, isSameRelease, type ReleaseRef } from './install-record.js';
import type { ReleaseStore } from './release-store.js';

const StoredReleases = Type.Object(
  { version: Type.Literal(1), releases: Type.Array(InstallRecord) },
  { additionalProperties: false },
);
type StoredReleases = Static<typeof StoredReleases>;

const compiled = Compile(StoredReleases);

/** The file is there and is not what we wrote: never silently a fresh start, which would forget what was reverted. */
export class ReleaseStoreError extends CodedError<'state-corrupt'> {}

/** Opens `<state>/installs.json`; an absent file is an empty store. Throws ReleaseStoreError, or Node's own errors. */
export async function openReleaseStore(path: string, files: DiskFiles = nodeFiles): Promise<ReleaseStore> {
  await makeFolderDurably(files, dirname(path));
  return new DiskReleaseStore(path, files, await readRecords(path));
}

async function readRecords(path: string): Promise<readonly InstallRecord[]> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  try {
    return decodeDocument(compiled, bytes, { what: path, maxBytes: 16 * 1024 * 1024 }).releases;
  } catch (cause) {
    throw new ReleaseStoreError(
      'state-corrupt',
      `${messageOf(cause)}; restore it from a backup, or remove the file to install every release again`,
      { cause },
    );
  }
}

class DiskReleaseStore implements ReleaseStore {
  readonly #path: string;
  readonly #files: DiskFiles;
  #records: readonly InstallRecord[];
  #writes: Promise<void> = Promise.resolve();

  constructor(path: string, files: DiskFiles, records: readonly InstallRecord[]) {
    this.#path = path;
    this.#files = files;
    this.#records = records;
  }

  records(): readonly InstallRecord[] {
    return this.#records;
  }

  find(release: ReleaseRef): InstallRecord | undefined {
    return this.#records.find((record) => isSameRelease(record, release));
  }

  put(record: InstallRecord): Promise<void> {
    return this.#write((records) => [...records.filter((other) => !isSameRelease(other, record)), record]);
  }

  forget(releases: readonly ReleaseRef[]): Promise<void> {
    return this.#write((records) => records.filter((r) => !releases.some((gone) => isSameRelease(r, gone))));
  }

  /** One write after the other; what `records` answers changes when the disk has it, and not when the write failed. */
  #write(change: (records: readonly InstallRecord[]) => readonly InstallRecord[]): Promise<void> {
    const write = this.#writes.then(async () => {
      const releases = change(this.#records);
      await replaceDurably(this.#files, this.#path, Buffer.from(`${JSON.stringify({ version: 1, releases })}\n`));
      this.#records = releases;
    });
    // A failed write is its caller's to handle; the next one starts from what is on disk.
    this.#writes = write.catch(() => {});
    return write;
  }
}

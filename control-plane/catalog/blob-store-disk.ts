import { createHash, randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import type { DiskFiles, OpenFile } from '@bellwether/shared/files/disk-files';
import { makeFolderDurably, moveDurably } from '@bellwether/shared/files/durable-file-disk';
import type { OpenBlob } from './catalog.js';
import { CatalogError } from './catalog-error.js';
import type { StoredFile } from './garbage.js';
import { openPlainFile, readPlainFile } from './plain-file-disk.js';

/**
 * Content-addressed files: `<folder>/<sha256>`. A name is trusted to be its digest only by whoever hashes it again:
 * reading does not, devices do [T-6].
 */
export class BlobStore {
  readonly #folder: string;
  readonly #incoming: string;
  readonly #maxBytes: number;
  readonly #files: DiskFiles;
  /** Digests of blobs that are about to get their names, and how many of each. */
  readonly #arriving = new Map<string, number>();
  readonly #leaving = new Map<string, Promise<void>>();

  /** `maxBytes` is the largest blob that `put` takes. */
  constructor(folder: string, maxBytes: number, files: DiskFiles) {
    this.#files = files;
    this.#folder = folder;
    this.#incoming = join(folder, '.incoming');
    this.#maxBytes = maxBytes;
  }

  /** Makes the folders, and drops what a crash left half uploaded. */
  async prepare(): Promise<void> {
    await this.#files.remove(this.#incoming);
    await makeFolderDurably(this.#files, this.#incoming);
  }

  /** Size in bytes; undefined when it is not there. */
  async size(digest: string): Promise<number | undefined> {
    return absentAsUndefined(async () => (await stat(this.#path(digest))).size);
  }

  /** The whole blob, whatever its bytes are now; undefined when it is not there. */
  async read(digest: string): Promise<Uint8Array | undefined> {
    return readPlainFile(this.#path(digest));
  }

  async open(digest: string): Promise<OpenBlob | undefined> {
    const file = await openPlainFile(this.#path(digest));
    if (file === undefined) return undefined;
    return {
      bytes: (await file.stat()).size,
      // The stream closes the file when it ends or is destroyed.
      read: (start, end) => file.createReadStream({ start, end }),
      close: () => file.close(),
    };
  }

  /** Whether the stored bytes still have their digest. */
  async isIntact(digest: string): Promise<boolean> {
    const file = await openPlainFile(this.#path(digest));
    if (file === undefined) return false;
    const hash = createHash('sha256');
    const chunks: AsyncIterable<Uint8Array> = file.createReadStream();
    for await (const chunk of chunks) hash.update(chunk);
    return hash.digest('hex') === digest;
  }

  /** Stores what `source` yields when it has the digest; the same bytes may come again. Throws CatalogError. */
  async put(digest: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    const temporary = join(this.#incoming, randomUUID());
    try {
      const file = await this.#files.open(temporary, 'create', 0o644);
      try {
        await this.#receive(file, digest, source);
        await file.sync();
      } finally {
        await file.close();
      }
      await this.#settle(temporary, digest);
    } catch (error) {
      await this.#files.remove(temporary).catch(() => {}); // what is wrong is in `error`
      throw storageError(error);
    }
  }

  /** Every blob that is there. */
  async list(): Promise<StoredFile[]> {
    const names = (await readdir(this.#folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
    const files: StoredFile[] = [];
    for (const name of names) {
      const file = await absentAsUndefined(() => stat(this.#path(name)));
      if (file?.isFile() === true) files.push({ name, bytes: file.size, changedMs: file.mtimeMs });
    }
    return files;
  }

  /** Removes a blob, unless it was written since, or is just arriving anew: false then. */
  async remove(digest: string, beforeMs: number): Promise<boolean> {
    const file = await absentAsUndefined(() => stat(this.#path(digest)));
    if (file === undefined || file.mtimeMs >= beforeMs || this.#arriving.has(digest)) return false;
    const removing = this.#files.remove(this.#path(digest));
    this.#leaving.set(digest, removing);
    try {
      await removing;
    } finally {
      this.#leaving.delete(digest);
    }
    return true;
  }

  /** Gives a received blob its name. Nobody removes it meanwhile, and a removal that has begun ends first. */
  async #settle(temporary: string, digest: string): Promise<void> {
    this.#arriving.set(digest, (this.#arriving.get(digest) ?? 0) + 1);
    try {
      await this.#leaving.get(digest)?.catch(() => {}); // whoever removes it has the failure
      await moveDurably(this.#files, temporary, this.#path(digest));
    } finally {
      const left = (this.#arriving.get(digest) ?? 1) - 1;
      if (left === 0) this.#arriving.delete(digest);
      else this.#arriving.set(digest, left);
    }
  }

  async #receive(file: OpenFile, digest: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.byteLength;
      if (bytes > this.#maxBytes) {
        throw new CatalogError('blob-too-large', `a blob has at most ${this.#maxBytes} bytes`);
      }
      hash.update(chunk);
      await file.write(chunk);
    }
    const found = hash.digest('hex');
    if (found !== digest) {
      throw new CatalogError('blob-digest', `the ${bytes} bytes that arrived have the digest ${found}, not ${digest}`);
    }
  }

  #path(digest: string): string {
    return join(this.#folder, digest);
  }
}

/** A full or read-only data folder is the operator's to mend, and says so; everything else stays what it is. */
export function storageError(error: unknown): unknown {
  const code = codeOf(error) ?? '';
  if (!['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM'].includes(code)) return error;
  return new CatalogError('storage', `the data folder cannot be written: ${messageOf(error)}`, { cause: error });
}

async function absentAsUndefined<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

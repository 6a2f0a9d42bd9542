import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { codeOf } from '@bellwether/shared/errors';
import type { DiskFiles, OpenFile } from '@bellwether/shared/files/disk-files';
import { moveDurably } from '@bellwether/shared/files/durable-file-disk';
import type { MeasuredFile } from './admission.js';
import { hashFile, partName } from './blob-folder-disk.js';

/** An unfinished download on disk, hashed as it grows. One at a time per blob. */
export class PartFile {
  readonly #path: string;
  readonly #target: string;
  readonly #disk: DiskFiles;
  readonly #file: OpenFile;
  #hash: Hash;
  #bytes: number;
  #isClosed = false;

  private constructor(parts: PartFileParts) {
    this.#path = parts.path;
    this.#target = parts.target;
    this.#disk = parts.disk;
    this.#file = parts.file;
    this.#hash = parts.hash;
    this.#bytes = parts.bytes;
  }

  /** Opens the part of a blob and hashes what is there already; what is longer than the blob starts from nothing. */
  static async open({ disk, folder, sha256, maxBytes }: PartFileOptions, signal: AbortSignal): Promise<PartFile> {
    const path = join(folder, partName(sha256));
    const hash = createHash('sha256');
    const bytes = await hashExisting(path, hash, signal);
    const file = await disk.open(path, 'append', 0o644);
    const part = new PartFile({ disk, path, target: join(folder, sha256), file, hash, bytes });
    if (bytes > maxBytes) await part.restart();
    return part;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Forgets everything that is there. */
  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#bytes = 0;
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#file.write(chunk);
    this.#hash.update(chunk);
    this.#bytes += chunk.byteLength;
  }

  /** What the whole of it is, from its first byte; it goes on growing afterwards. */
  measured(): MeasuredFile {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }

  /** Gives it its final name; durable when it resolves: written before it counts. */
  async place(): Promise<void> {
    await this.#file.sync();
    await this.close();
    await moveDurably(this.#disk, this.#path, this.#target);
  }

  /** Removes it: these bytes are wrong. */
  async discard(): Promise<void> {
    await this.close();
    await this.#disk.remove(this.#path);
  }

  /** Leaves what is there for the next attempt; may be called twice, and after `place` or `discard`. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#file.close();
  }
}

/** The part of one blob; what is longer than `maxBytes` is not it. */
interface PartFileOptions {
  readonly disk: DiskFiles;
  readonly folder: string;
  readonly sha256: string;
  readonly maxBytes: number;
}

interface PartFileParts {
  readonly disk: DiskFiles;
  readonly path: string;
  readonly target: string;
  readonly file: OpenFile;
  readonly hash: Hash;
  readonly bytes: number;
}

async function hashExisting(path: string, hash: Hash, signal: AbortSignal): Promise<number> {
  try {
    return await hashFile(path, hash, signal);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

import { createHash, type Hash } from 'node:crypto';
import { open, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { makeFolderDurably } from '@bellwether/shared/files/durable-file-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { hex64Pattern } from '@bellwether/shared/ids';
import type { MeasuredFile } from './admission.js';
import type { Blobs, StoredBlob } from './blobs.js';

/** Hashing a megabyte takes about a millisecond; between two of them the event loop has its turn. */
const hashStepBytes = 1024 * 1024;
const blobName = new RegExp(hex64Pattern);

/** The name of an unfinished download. */
export function partName(sha256: string): string {
  return `${sha256}.part`;
}

/** Opens the blob folder, made when it is missing; rejects with Node's own errors. */
export async function openBlobFolder(folder: string, files: DiskFiles = nodeFiles): Promise<Blobs> {
  await makeFolderDurably(files, folder);
  return new BlobFolder(folder, files);
}

class BlobFolder implements Blobs {
  readonly folder: string;
  readonly #files: DiskFiles;

  constructor(folder: string, files: DiskFiles) {
    this.folder = folder;
    this.#files = files;
  }

  sizeOf(sha256: string): Promise<number | undefined> {
    return sizeOfFile(join(this.folder, sha256));
  }

  async partSizeOf(sha256: string): Promise<number> {
    return (await sizeOfFile(join(this.folder, partName(sha256)))) ?? 0;
  }

  async read(sha256: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const bytes = await this.sizeOf(sha256);
    if (bytes === undefined || bytes > maxBytes) return undefined;
    const file = await open(join(this.folder, sha256), 'r');
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  }

  async measure(sha256: string, signal: AbortSignal): Promise<MeasuredFile | undefined> {
    const hash = createHash('sha256');
    try {
      const bytes = await hashFile(join(this.folder, sha256), hash, signal);
      return { bytes, sha256: hash.digest('hex') };
    } catch (error) {
      // EIO: flash that has rotted. A blob that cannot be read is one that is not there, and is fetched again.
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'EIO') return undefined;
      throw error;
    }
  }

  async list(): Promise<readonly StoredBlob[]> {
    const blobs: StoredBlob[] = [];
    for (const name of await readdir(this.folder)) {
      const isPart = name.endsWith('.part');
      const sha256 = isPart ? name.slice(0, -'.part'.length) : name;
      if (!blobName.test(sha256)) continue;
      const { size, mtimeMs } = await stat(join(this.folder, name));
      blobs.push({ sha256, bytes: size, modifiedMs: mtimeMs, isPart });
    }
    return blobs;
  }

  async remove(sha256: string): Promise<void> {
    await this.#files.remove(join(this.folder, sha256));
    await this.#files.remove(join(this.folder, partName(sha256)));
  }

  async space(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }> {
    const { bavail, blocks, bsize } = await statfs(this.folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  }
}

/**
 * Feeds a file's bytes to a hash and answers how many they were; the next step is read while this one is hashed. Rejects
 * with the signal's reason when it aborts.
 */
export async function hashFile(path: string, hash: Hash, signal: AbortSignal): Promise<number> {
  const file = await open(path, 'r');
  try {
    // Buffers no larger than the file: a release of many small files would else make garbage by the megabyte, and the
    // collector's pause falls into the swap.
    const stepBytes = Math.min(hashStepBytes, (await file.stat()).size + 1);
    const read = (buffer: Buffer, at: number) => file.read(buffer, 0, stepBytes, at);
    let spare: Buffer = Buffer.allocUnsafe(stepBytes);
    let total = 0;
    let reading = read(Buffer.allocUnsafe(stepBytes), 0);
    for (;;) {
      const { bytesRead, buffer } = await reading;
      signal.throwIfAborted();
      if (bytesRead === 0) return total;
      total += bytesRead;
      reading = read(spare, total);
      hash.update(buffer.subarray(0, bytesRead));
      spare = buffer;
    }
  } finally {
    await file.close();
  }
}

async function sizeOfFile(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

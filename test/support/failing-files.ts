import type { DiskFiles, OpenFile } from '@bellwether/shared/files/disk-files';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';

export type DiskFault = 'ENOSPC' | 'EIO' | 'EROFS';

/** Real files on a disk that fails from the moment and in the way that a test says. */
export class FailingFiles implements DiskFiles {
  #fault: DiskFault | undefined;
  #left = 0;
  /** Changes that were asked for. */
  asked = 0;
  /** Of them, those that failed. */
  failed = 0;

  /** After `healthy` more changes everything fails with this code. */
  failAfter(healthy: number, fault: DiskFault): void {
    this.#fault = fault;
    this.#left = healthy;
  }

  heal(): void {
    this.#fault = undefined;
  }

  async open(path: string, how: Parameters<DiskFiles['open']>[1], mode: number): Promise<OpenFile> {
    this.#pass();
    const file = await nodeFiles.open(path, how, mode);
    return {
      write: async (bytes) => {
        try {
          this.#pass();
        } catch (error) {
          // A disk that runs full takes what still fits.
          if (this.#fault === 'ENOSPC') await file.write(bytes.subarray(0, bytes.byteLength >> 1));
          throw error;
        }
        await file.write(bytes);
      },
      truncate: async (bytes) => {
        this.#pass();
        await file.truncate(bytes);
      },
      sync: async () => {
        this.#pass();
        await file.sync();
      },
      close: () => file.close(),
    };
  }

  async makeFolder(path: string, mode: number): Promise<void> {
    this.#pass();
    await nodeFiles.makeFolder(path, mode);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#pass();
    await nodeFiles.rename(from, to);
  }

  async link(from: string, to: string): Promise<void> {
    this.#pass();
    await nodeFiles.link(from, to);
  }

  async remove(path: string): Promise<void> {
    // A full disk lets things be removed.
    if (this.#fault !== 'ENOSPC') this.#pass();
    await nodeFiles.remove(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.#pass();
    await nodeFiles.syncFolder(path);
  }

  #pass(): void {
    this.asked++;
    if (this.#fault === undefined || this.#left-- > 0) return;
    this.failed++;
    throw Object.assign(new Error(`${this.#fault}: simulated`), { code: this.#fault });
  }
}

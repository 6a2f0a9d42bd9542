import type { Clock } from '@bellwether/shared/clock';
import type { MeasuredFile } from '../installs/admission.js';
import type { Artifacts, WantedBlob } from '../installs/artifacts.js';
import type { Blobs } from '../installs/blobs.js';

const gigabyte = 1024 ** 3;

/** What every device of the process fetched: once over the network, then from here. */
export class SharedBlobs {
  readonly folder: string;
  readonly #artifacts: Artifacts;
  readonly #disk: Blobs;
  readonly #fetched = new Map<string, Promise<MeasuredFile>>();
  readonly #read = new Map<string, Promise<Uint8Array | undefined>>();

  /** `artifacts` brings blobs into `disk`. */
  constructor(artifacts: Artifacts, disk: Blobs) {
    this.#artifacts = artifacts;
    this.#disk = disk;
    this.folder = disk.folder;
  }

  /** Fetches a blob the first time. Throws AdmissionRefusal; then the next device tries again. */
  fetch(blob: WantedBlob, signal: AbortSignal): Promise<MeasuredFile> {
    const before = this.#fetched.get(blob.sha256);
    if (before !== undefined) return before;
    const fetching = this.#artifacts.fetch(blob, signal, () => {});
    this.#fetched.set(blob.sha256, fetching);
    fetching.catch(() => this.#fetched.delete(blob.sha256));
    return fetching;
  }

  /** The bytes of a blob, kept: manifests are read by each device. */
  read(sha256: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const bytes = this.#read.get(sha256) ?? this.#disk.read(sha256, maxBytes);
    this.#read.set(sha256, bytes);
    return bytes;
  }
}

/** The blobs that one device has fetched: its own view of the shared ones, kept across its crashes. */
export class DeviceBlobs implements Blobs, Artifacts {
  readonly folder: string;
  readonly #shared: SharedBlobs;
  readonly #clock: Clock;
  readonly #bytesPerSecond: number | undefined;
  readonly #files = new Map<string, MeasuredFile>();

  /** `bytesPerSecond` of the device's own link; undefined: no limit. */
  constructor(shared: SharedBlobs, clock: Clock, bytesPerSecond: number | undefined) {
    this.folder = shared.folder;
    this.#shared = shared;
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  async fetch(
    blob: WantedBlob,
    signal: AbortSignal,
    onBytes: (bytes: number) => void = () => {},
  ): Promise<MeasuredFile> {
    // Its own signal must not end a download that others wait for.
    const file = await this.#shared.fetch(blob, new AbortController().signal);
    if (this.#bytesPerSecond !== undefined) {
      await this.#clock.sleep((blob.bytes / this.#bytesPerSecond) * 1000, signal);
    }
    signal.throwIfAborted();
    onBytes(blob.bytes);
    this.#files.set(blob.sha256, file);
    return file;
  }

  sizeOf(sha256: string): Promise<number | undefined> {
    return Promise.resolve(this.#files.get(sha256)?.bytes);
  }

  partSizeOf(): Promise<number> {
    return Promise.resolve(0);
  }

  read(sha256: string, maxBytes: number): Promise<Uint8Array | undefined> {
    return this.#files.has(sha256) ? this.#shared.read(sha256, maxBytes) : Promise.resolve(undefined);
  }

  measure(sha256: string): Promise<MeasuredFile | undefined> {
    return Promise.resolve(this.#files.get(sha256));
  }

  list(): Promise<readonly []> {
    return Promise.resolve([]);
  }

  remove(sha256: string): Promise<void> {
    this.#files.delete(sha256);
    return Promise.resolve();
  }

  space(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }> {
    return Promise.resolve({ freeBytes: 8 * gigabyte, totalBytes: 16 * gigabyte });
  }
}

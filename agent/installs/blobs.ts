import type { MeasuredFile } from './admission.js';

/** A blob as it lies on disk, unread. */
export interface StoredBlob {
  readonly sha256: string;
  readonly bytes: number;
  /** Wall time of its last change: how retention tells old from new. */
  readonly modifiedMs: number;
  /** A download that is not finished. */
  readonly isPart: boolean;
}

/** The device's content-addressed store, `<state>/blobs/<sha256>`. Its names are claims: whoever uses bytes hashes them. */
export interface Blobs {
  readonly folder: string;
  /** Bytes of the blob; undefined when it is not there. */
  sizeOf(sha256: string): Promise<number | undefined>;
  /** Bytes of an unfinished download; 0 when there is none. */
  partSizeOf(sha256: string): Promise<number>;
  /** The whole blob; undefined when it is not there or longer than `maxBytes`. */
  read(sha256: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Reads and hashes the blob in small steps that leave the event loop free; undefined when it is not there or the disk cannot read it. */
  measure(sha256: string, signal: AbortSignal): Promise<MeasuredFile | undefined>;
  list(): Promise<readonly StoredBlob[]>;
  /** Removes a blob and its unfinished download; absent ones do no harm. */
  remove(sha256: string): Promise<void>;
  /** Of the file system that holds the folder. */
  space(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }>;
}

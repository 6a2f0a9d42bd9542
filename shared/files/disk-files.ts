/** A file that is open for writing. Bytes go to its end; they survive a power cut once `sync` has resolved. */
export interface OpenFile {
  write(bytes: Uint8Array): Promise<void>;
  truncate(bytes: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * `replace`: emptied when it is there. `create`: EEXIST when it is there. `append`: goes on at its end.
 */
export type OpenHow = 'replace' | 'create' | 'append';

/**
 * Everything by which durable state changes on disk: what tests must be able to cut the power between, and to refuse
 * with ENOSPC, EIO or EROFS. Reading needs no port. Every function rejects with Node's own errors.
 */
export interface DiskFiles {
  open(path: string, how: OpenHow, mode: number): Promise<OpenFile>;
  /** One folder; EEXIST when it is there. */
  makeFolder(path: string, mode: number): Promise<void>;
  /** Replaces `to` in one step. */
  rename(from: string, to: string): Promise<void>;
  /** A second name; EEXIST when it is taken. */
  link(from: string, to: string): Promise<void>;
  /** A file, or a folder with everything in it; absent does no harm. */
  remove(path: string): Promise<void>;
  /** Makes the names in a folder survive a power cut: what was made, renamed or removed in it. */
  syncFolder(path: string): Promise<void>;
}

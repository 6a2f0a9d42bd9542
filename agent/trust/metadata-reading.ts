import { setImmediate as turn } from 'node:timers/promises';
import { decodeOnlineKeys, type OnlineKeys } from '@bellwether/shared/contract/online-keys';
import { isSame, type Metadata, type MetadataBytes } from './metadata.js';
import {
  decodeRoot,
  decodeSnapshot,
  decodeTargets,
  decodeTimestamp,
  type RootFile,
  type SnapshotFile,
  type TargetsFile,
  type TimestampFile,
} from './tuf-documents.js';

/** Metadata as it was read last: of what has the same bytes, nothing is read again. */
export interface ReadMetadata {
  readonly bytes: MetadataBytes;
  readonly metadata: Metadata;
}

/**
 * Reads verified files by our own schemas, one in each turn of the event loop: with hundreds of families targets.json alone
 * takes 10 ms, and applications ask meanwhile. Each function throws DecodeError.
 */
export class MetadataReader {
  readonly #before: ReadMetadata | undefined;

  constructor(before: ReadMetadata | undefined) {
    this.#before = before;
  }

  root(bytes: Uint8Array): Promise<RootFile> {
    return readAnew(bytes, decodeRoot, [this.#before?.bytes.roots.at(-1), this.#before?.metadata.root]);
  }

  timestamp(bytes: Uint8Array): Promise<TimestampFile> {
    const { bytes: before, metadata } = this.#current();
    return readAnew(bytes, decodeTimestamp, [before?.timestamp, metadata?.timestamp]);
  }

  snapshot(bytes: Uint8Array): Promise<SnapshotFile> {
    const { bytes: before, metadata } = this.#current();
    return readAnew(bytes, decodeSnapshot, [before?.snapshot, metadata?.snapshot]);
  }

  targets(bytes: Uint8Array): Promise<TargetsFile> {
    const { bytes: before, metadata } = this.#current();
    return readAnew(bytes, (each) => decodeTargets(each, 'targets'), [before?.targets, metadata?.targets]);
  }

  onlineKeys(bytes: Uint8Array): Promise<OnlineKeys> {
    const { bytes: before, metadata } = this.#current();
    return readAnew(bytes, decodeOnlineKeys, [before?.onlineKeys, metadata?.onlineKeys]);
  }

  leaf(name: string, bytes: Uint8Array): Promise<TargetsFile> {
    const { bytes: before, metadata } = this.#current();
    const known = [before?.leaves.get(name), metadata?.leaves.get(name)] as const;
    return readAnew(bytes, (each) => decodeTargets(each, name), known);
  }

  #current() {
    return { bytes: this.#before?.bytes.current, metadata: this.#before?.metadata.current };
  }
}

async function readAnew<T>(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => T,
  [before, known]: readonly [Uint8Array | undefined, T | undefined],
): Promise<T> {
  if (known !== undefined && isSame(bytes, before)) return known;
  await turn();
  return decode(bytes);
}

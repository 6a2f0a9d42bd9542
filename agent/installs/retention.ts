import type { StoredBlob } from './blobs.js';
import { type InstallRecord, isSameRelease, type ReleaseRef } from './install-record.js';

/** Above this share of free disk nothing goes. */
const freeShareWanted = 0.2;

export interface RetentionCase {
  readonly blobs: readonly StoredBlob[];
  /** Digests that stay whatever the disk says: of what serves, the previous settled release, and whatever the order names. */
  readonly kept: ReadonlySet<string>;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** What the next install needs beside. */
  readonly neededBytes: number;
}

/** The blobs that go, oldest first, until a fifth of the disk is free beside what is needed; none while it is. */
export function blobsToRemove(retention: RetentionCase): readonly string[] {
  const { blobs, kept, totalBytes, neededBytes } = retention;
  const wantedBytes = totalBytes * freeShareWanted + neededBytes;
  let freeBytes = retention.freeBytes;
  const gone: string[] = [];
  for (const blob of blobs.toSorted((a, b) => a.modifiedMs - b.modifiedMs)) {
    if (freeBytes >= wantedBytes) break;
    if (kept.has(blob.sha256)) continue;
    gone.push(blob.sha256);
    freeBytes += blob.bytes;
  }
  return gone;
}

/** The releases whose blobs stay: whatever the order names, and of each model the two that served last (what serves, and what a revert goes back to). */
export function keptReleases(records: readonly InstallRecord[], ordered: readonly ReleaseRef[]): readonly ReleaseRef[] {
  const served = records.filter(({ phase }) => phase === 'serving' || phase === 'settled');
  const rank = (record: InstallRecord): number =>
    served.filter((other) => other.model === record.model && other.servedOrdinal > record.servedOrdinal).length;
  return [...ordered, ...served.filter((record) => rank(record) < 2)];
}

/** The records that may be forgotten: the oldest beyond `maxRecords`, but never of a kept release. */
export function recordsToForget(
  records: readonly InstallRecord[],
  kept: readonly ReleaseRef[],
  maxRecords: number,
): readonly InstallRecord[] {
  const rest = records.filter((record) => !kept.some((release) => isSameRelease(release, record)));
  const excess = Math.max(0, records.length - maxRecords);
  return rest.toSorted((a, b) => a.sinceMs - b.sinceMs).slice(0, excess);
}

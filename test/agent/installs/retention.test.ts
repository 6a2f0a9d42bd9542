import { describe, expect, it } from 'vitest';
import type { StoredBlob } from '@bellwether/agent/installs/blobs';
import { blobsToRemove, keptReleases, recordsToForget } from '@bellwether/agent/installs/retention';
import { digitsRelease, installRecord } from '../../support/installs.js';

const blob = (sha256: string, bytes: number, modifiedMs: number): StoredBlob => ({
  sha256,
  bytes,
  modifiedMs,
  isPart: false,
});

describe('blobs that go', () => {
  const blobs = [blob('newest', 100, 30), blob('oldest', 100, 10), blob('middle', 100, 20)];
  const on = { blobs, kept: new Set<string>(), totalBytes: 1000, neededBytes: 0 };

  it('are none while a fifth of the disk is free', () => {
    expect(blobsToRemove({ ...on, freeBytes: 200 })).toEqual([]);
  });

  it('are the oldest, and no more than it takes', () => {
    expect(blobsToRemove({ ...on, freeBytes: 50 })).toEqual(['oldest', 'middle']);
  });

  it('make room for what is needed beside', () => {
    expect(blobsToRemove({ ...on, freeBytes: 200, neededBytes: 60 })).toEqual(['oldest']);
  });

  it('are never of a kept release, however full the disk is', () => {
    expect(blobsToRemove({ ...on, kept: new Set(['oldest', 'newest']), freeBytes: 0 })).toEqual(['middle']);
  });
});

describe('releases that stay', () => {
  const [first, second, third] = ['1.0.0', '1.1.0', '1.2.0'].map((version) => digitsRelease(version));
  if (first === undefined || second === undefined || third === undefined) throw new Error('three were made');
  const other = digitsRelease('5.0.0', 'vad');
  const records = [
    installRecord(first, { phase: 'settled', servedOrdinal: 1, sinceMs: 1 }),
    installRecord(second, { phase: 'settled', servedOrdinal: 2, sinceMs: 2 }),
    installRecord(third, { phase: 'serving', servedOrdinal: 3, sinceMs: 3 }),
    installRecord(other, { phase: 'settled', servedOrdinal: 1, sinceMs: 4 }),
  ];
  const versions = (kept: readonly { readonly version: string }[]) => kept.map(({ version }) => version);

  it('are the two that served last, of each model', () => {
    expect(versions(keptReleases(records, []))).toEqual(['1.1.0', '1.2.0', '5.0.0']);
  });

  it('are whatever the order names, though it never served', () => {
    expect(versions(keptReleases(records, [first]))).toContain('1.0.0');
  });

  it('are not those that were reverted', () => {
    const reverted = records.map((record) =>
      record.version === '1.2.0' ? { ...record, phase: 'reverted' as const } : record,
    );
    expect(versions(keptReleases(reverted, []))).toEqual(['1.0.0', '1.1.0', '5.0.0']);
  });

  it('are never forgotten; of the rest the oldest are, beyond the limit', () => {
    const kept = keptReleases(records, []);
    expect(versions(recordsToForget(records, kept, 3))).toEqual(['1.0.0']);
    expect(recordsToForget(records, kept, 4)).toEqual([]);
    expect(versions(recordsToForget(records, kept, 0))).toEqual(['1.0.0']);
  });
});

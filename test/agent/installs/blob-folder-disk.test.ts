import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBlobFolder } from '@bellwether/agent/installs/blob-folder-disk';
import type { Blobs } from '@bellwether/agent/installs/blobs';
import { makeRoom } from '@bellwether/agent/installs/make-room';
import { silentLog } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import { sampleRelease } from '../../support/sample-release.js';

let folder: string;
let blobs: Blobs;
const never = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-blobs-'));
  blobs = await openBlobFolder(join(folder, 'blobs'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function put(bytes: Uint8Array, name = sha256(bytes)): Promise<string> {
  await writeFile(join(blobs.folder, name), bytes);
  return name;
}

describe('the blob folder', () => {
  it('measures what is there and not what the name says', async () => {
    const bytes = randomBytes(2_500_000);
    const name = await put(bytes, 'a'.repeat(64));
    expect(await blobs.measure(name, never)).toEqual({ bytes: 2_500_000, sha256: sha256(bytes) });
  });

  it('leaves the event loop free while it hashes', async () => {
    const name = await put(randomBytes(16 * 1024 * 1024));
    let turns = 0;
    const count = setInterval(() => turns++, 0);
    await blobs.measure(name, never);
    clearInterval(count);
    expect(turns).toBeGreaterThan(4);
  });

  it('stops hashing when the signal aborts', async () => {
    const name = await put(randomBytes(3_000_000));
    await expect(blobs.measure(name, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });

  it('says what is not there', async () => {
    const absent = 'b'.repeat(64);
    expect(await blobs.measure(absent, never)).toBeUndefined();
    expect(await blobs.sizeOf(absent)).toBeUndefined();
    expect(await blobs.partSizeOf(absent)).toBe(0);
    expect(await blobs.read(absent, 10)).toBeUndefined();
    await blobs.remove(absent);
  });

  it('reads no more than it may', async () => {
    const name = await put(Buffer.from('1234'));
    expect(await blobs.read(name, 4)).toEqual(Buffer.from('1234'));
    expect(await blobs.read(name, 3)).toBeUndefined();
  });

  it('takes a blob that the disk cannot read for one that is not there', async () => {
    // Reading address 0 of a process is an I/O error, as rotten flash gives it.
    await symlink('/proc/self/mem', join(blobs.folder, 'd'.repeat(64)));
    expect(await blobs.measure('d'.repeat(64), never)).toBeUndefined();
  });

  it('lists blobs and unfinished ones, and nothing else', async () => {
    const whole = await put(Buffer.from('1234'));
    await put(Buffer.from('12'), `${'c'.repeat(64)}.part`);
    await put(Buffer.from('note'), 'README');
    const listed = await blobs.list();
    const described = listed.map(({ sha256: name, bytes, isPart }) => ({ name, bytes, isPart }));
    expect(described).toHaveLength(2);
    expect(described).toContainEqual({ name: whole, bytes: 4, isPart: false });
    expect(described).toContainEqual({ name: 'c'.repeat(64), bytes: 2, isPart: true });
    await blobs.remove('c'.repeat(64));
    expect(await blobs.list()).toHaveLength(1);
  });

  it('knows its disk', async () => {
    const { freeBytes, totalBytes } = await blobs.space();
    expect(freeBytes).toBeGreaterThan(0);
    expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
  });
});

describe('making room', () => {
  /** The folder as it is, on a disk that is as full as the test says. */
  const onFullDisk = (freeBytes: number): Blobs => ({
    folder: blobs.folder,
    sizeOf: (name) => blobs.sizeOf(name),
    partSizeOf: (name) => blobs.partSizeOf(name),
    read: (name, maxBytes) => blobs.read(name, maxBytes),
    measure: (name, signal) => blobs.measure(name, signal),
    list: () => blobs.list(),
    remove: (name) => blobs.remove(name),
    space: () => Promise.resolve({ freeBytes, totalBytes: 1000 }),
  });

  it('keeps every blob of a kept release, and lets the others go', async () => {
    const kept = sampleRelease('digits', '1.0.0');
    const old = sampleRelease('digits', '0.9.0');
    for (const bytes of [kept.manifest, ...kept.files, old.manifest, ...old.files]) await put(bytes);
    const release = { model: 'digits', version: '1.0.0', manifest: sha256(kept.manifest) };
    await makeRoom(onFullDisk(0), silentLog, { kept: [release], neededBytes: 1_000_000 });
    const left = (await blobs.list()).map((blob) => blob.sha256).toSorted();
    expect(left).toEqual([kept.manifest, ...kept.files].map(sha256).toSorted());
  });

  it('lets nothing go while there is room', async () => {
    await put(Buffer.from('old'));
    await makeRoom(onFullDisk(900), silentLog, { kept: [], neededBytes: 0 });
    expect(await blobs.list()).toHaveLength(1);
  });
});

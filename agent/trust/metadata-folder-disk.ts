import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { writeDurably } from '@bellwether/shared/files/durable-file-disk';
import type { CurrentBytes, MetadataBytes } from './metadata.js';
import { decodeRoot } from './tuf-documents.js';

/** Metadata as files of one folder, without versions but for the roots. */

const rootName = /^([1-9][0-9]{0,15})\.root\.json$/;
const leafName = /^((?:staging|production)-[a-z0-9-]{1,63})\.json$/;
const onlineKeysName = 'online.json';

/** Writes a new folder; when this resolves, all of it would survive a power cut. */
export async function writeMetadataFolder(
  disk: DiskFiles,
  folder: string,
  { roots, current }: MetadataBytes,
): Promise<void> {
  await disk.remove(folder); // half-written before a power cut
  await disk.makeFolder(folder, 0o700);
  const [pinned] = roots;
  // Ascending without gaps: to read each again would hold up the main thread after years of rotations.
  const first = pinned === undefined ? 1 : decodeRoot(pinned).signed.version;
  const files = new Map(roots.map((root, i) => [`${first + i}.root.json`, root]));
  if (current !== null) {
    files.set('timestamp.json', current.timestamp);
    files.set('snapshot.json', current.snapshot);
    files.set('targets.json', current.targets);
    files.set(onlineKeysName, current.onlineKeys);
    for (const [name, leaf] of current.leaves) files.set(`${name}.json`, leaf);
  }
  // The order of these does not matter: nobody reads the folder before trust.json names it.
  await Promise.all([...files].map(async ([name, bytes]) => writeDurably(disk, join(folder, name), bytes)));
  await disk.syncFolder(folder);
  await disk.syncFolder(dirname(folder));
}

/** Reads a folder as it was written; a file that is missing, or whose place on the disk has rotted, is empty, and will not verify. */
export async function readMetadataFolder(folder: string): Promise<MetadataBytes> {
  const names = await readdir(folder);
  return { roots: await readRoots(folder, names), current: await readCurrent(folder, names) };
}

async function readRoots(folder: string, names: readonly string[]): Promise<Uint8Array[]> {
  const versions = names.flatMap((name) => rootName.exec(name)?.[1] ?? []).map(Number);
  return Promise.all(
    versions.sort((a, b) => a - b).map(async (version) => readOrEmpty(join(folder, `${version}.root.json`))),
  );
}

/** Null before the first refresh: then there are roots only. */
async function readCurrent(folder: string, names: readonly string[]): Promise<CurrentBytes | null> {
  if (names.every((name) => rootName.test(name))) return null;
  const read = async (name: string): Promise<Uint8Array> => readOrEmpty(join(folder, name));
  const leafNames = names.flatMap((name) => leafName.exec(name)?.[1] ?? []);
  const leaves = await Promise.all(leafNames.map(async (name) => [name, await read(`${name}.json`)] as const));
  return {
    timestamp: await read('timestamp.json'),
    snapshot: await read('snapshot.json'),
    targets: await read('targets.json'),
    onlineKeys: await read(onlineKeysName),
    leaves: new Map(leaves),
  };
}

async function readOrEmpty(path: string): Promise<Uint8Array> {
  try {
    return (await readIfThere(path)) ?? new Uint8Array();
  } catch (error) {
    if (codeOf(error) === 'EIO') return new Uint8Array();
    throw error;
  }
}

/** A file's bytes, or undefined when it is not there. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

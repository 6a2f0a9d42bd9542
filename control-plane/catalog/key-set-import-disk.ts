import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { makeFolderDurably, replaceDurably } from '@bellwether/shared/files/durable-file-disk';
import { CatalogError } from './catalog-error.js';
import { metadataMode } from './repository-layout.js';
import { decodeTargetsFile } from './role-file.js';

/** Where the parts of a key set's `server` folder go. */
interface ImportFolders {
  readonly keys: string;
  readonly metadata: string;
  readonly blobs: string;
}

/**
 * Takes over what `bellwether keys init` made for the server: online keys, first metadata, online.json. Nothing is visible
 * until the caller signs the first timestamp, so a crash in here is mended by running it again. Answers with the roles
 * that have a file now.
 */
export async function importKeySet(disk: DiskFiles, from: string, to: ImportFolders): Promise<string[]> {
  await refuseOtherFolder(from);
  await makeFolderDurably(disk, to.keys, 0o700);
  for (const name of await readdir(from)) {
    if (name.endsWith('.key')) await copyKey(disk, join(from, name), join(to.keys, name));
  }
  for (const part of ['metadata', 'blobs'] as const) {
    await makeFolderDurably(disk, to[part]);
    for (const name of await readdir(join(from, part))) {
      await replaceDurably(disk, join(to[part], name), await readFile(join(from, part, name)), metadataMode);
    }
  }
  const targets = decodeTargetsFile(await readFile(join(to.metadata, '1.targets.json')));
  return ['targets', ...targets.signed.delegations.roles.map((role) => role.name)];
}

async function refuseOtherFolder(from: string): Promise<void> {
  const names: readonly string[] = await readdir(from).catch(() => []); // absent or no folder: the same answer
  if (names.includes('metadata') && names.includes('timestamp.key')) return;
  throw new CatalogError(
    'not-initialised',
    `${from} is not the server folder of a key set (bellwether keys init makes one)`,
  );
}

/** A key that is already there stays: it may have been rotated since. Whatever the mode of the source, only the owner reads it here. */
async function copyKey(disk: DiskFiles, from: string, to: string): Promise<void> {
  if (existsSync(to)) return;
  await replaceDurably(disk, to, await readFile(from));
}

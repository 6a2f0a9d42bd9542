import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CatalogError } from './catalog-error.js';
import { writeDurably } from './durable-file-disk.js';
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
export async function importKeySet(from: string, to: ImportFolders): Promise<string[]> {
  await refuseOtherFolder(from);
  await mkdir(to.keys, { recursive: true, mode: 0o700 });
  for (const name of await readdir(from))
    if (name.endsWith('.key')) await copyKey(join(from, name), join(to.keys, name));
  for (const part of ['metadata', 'blobs'] as const) {
    for (const name of await readdir(join(from, part))) {
      await writeDurably(join(to[part], name), await readFile(join(from, part, name)));
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
async function copyKey(from: string, to: string): Promise<void> {
  if (existsSync(to)) return;
  await writeDurably(to, await readFile(from), 0o600);
}

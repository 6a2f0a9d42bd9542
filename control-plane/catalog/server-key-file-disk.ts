import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { replaceDurably } from '@bellwether/shared/files/durable-file-disk';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair, type KeyPair } from '@bellwether/shared/signing/key-pair';
import { CatalogError } from './catalog-error.js';
import type { ServerKeyUse } from './repository-layout.js';

/** Where the server's own keys lie, and what writes there. */
export interface KeyFolder {
  readonly folder: string;
  readonly disk: DiskFiles;
}

/** `next`: made, and of no effect until signed metadata names it. `former`: the one before, which signs as well for a while. */
type KeyPart = 'next' | 'former';

/** The file of a key: `director.key`, `director.next.key`. */
export function serverKeyPath(folder: string, use: ServerKeyUse, part?: KeyPart): string {
  return join(folder, part === undefined ? `${use}.key` : `${use}.${part}.key`);
}

/** A key of the server; undefined when there is none. Throws CatalogError `repository-corrupt`, DecodeError or Node's own error. */
export async function readServerKey(folder: string, use: ServerKeyUse, part?: KeyPart): Promise<KeyPair | undefined> {
  const path = serverKeyPath(folder, use, part);
  if (!existsSync(path)) return undefined;
  const key = await readKeyFile(path);
  if (key.use !== use) throw new CatalogError('repository-corrupt', `${path} is a ${key.use} key`);
  return { publicKey: key.public, seed: key.seed };
}

/** Makes the successor of a key; durable when it resolves. */
export async function makeNextKey({ folder, disk }: KeyFolder, use: ServerKeyUse): Promise<KeyPair> {
  const next = generateKeyPair();
  const file = { version: 1, use, public: next.publicKey, seed: next.seed };
  await replaceDurably(disk, serverKeyPath(folder, use, 'next'), Buffer.from(`${JSON.stringify(file, null, 2)}\n`));
  return next;
}

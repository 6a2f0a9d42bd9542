import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf } from '@bellwether/shared/errors';
import { sha256 } from '@bellwether/shared/signing/digest';
import { writeKeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair, type KeyPair } from '@bellwether/shared/signing/key-pair';
import { metadataFileName } from '../catalog/repository-layout.js';
import { firstMetadata, offlineUses, type SetKeys, type SetKeyUse, serverUses } from './development-key-set.js';
import { PublisherError } from './publisher-error.js';

/** What `keys init` made: the folder, and the digest that devices pin. */
export interface KeySet {
  readonly folder: string;
  readonly families: readonly string[];
  readonly rootSha256: string;
}

/** Where each key lies in the set: the server gets its own folder and nothing else; root and targets are put away. */
const keyFolders: Readonly<Record<SetKeyUse, string>> = {
  root: 'offline',
  targets: 'offline',
  publisher: '.',
  approver: '.',
  snapshot: 'server',
  timestamp: 'server',
  director: 'server',
  adjuster: 'server',
  time: 'server',
  verdict: 'server',
};

/**
 * Makes a development key set in a new or empty folder, all of it or nothing. Throws PublisherError `already-there` rather
 * than touch what is in the folder, or `family`.
 */
export async function initDevelopmentKeys(folder: string, families: readonly string[], nowMs: number): Promise<KeySet> {
  for (const family of families) {
    if (!/^[a-z0-9]{1,63}$/.test(family)) {
      throw new PublisherError(
        'family',
        `${family} is no model family: lower-case letters and digits, up to the first dash of its models' names`,
      );
    }
  }
  const distinct = [...new Set(families)];
  const target = resolve(folder);
  await refuseUsedFolder(target);
  const draft = join(dirname(target), `.${basename(target)}.draft`);
  await rm(draft, { recursive: true, force: true });
  const rootSha256 = await writeKeySet(draft, distinct, nowMs);
  await rename(draft, target); // replaces an empty folder
  return { folder: target, families: distinct, rootSha256 };
}

async function writeKeySet(folder: string, families: readonly string[], nowMs: number): Promise<string> {
  const keys = newKeys();
  for (const part of ['offline', 'server/metadata', 'server/blobs']) {
    await mkdir(join(folder, part), { recursive: true, mode: 0o700 });
  }
  for (const use of [...offlineUses, ...serverUses]) {
    const { publicKey, seed } = keys[use];
    await writeKeyFile(join(folder, keyFolders[use], `${use}.key`), { version: 1, use, public: publicKey, seed });
  }
  const { metadata, onlineKeys } = firstMetadata(keys, families, nowMs);
  for (const [name, bytes] of metadata) await writeFile(join(folder, 'server/metadata', name), bytes);
  await writeFile(join(folder, 'server/blobs', sha256(onlineKeys)), onlineKeys);
  const root = metadata.get(metadataFileName('root', 1)) ?? new Uint8Array();
  await writeFile(join(folder, 'root.json'), root);
  return sha256(root);
}

function newKeys(): SetKeys {
  const make = (): KeyPair => generateKeyPair();
  return {
    root: make(),
    targets: make(),
    publisher: make(),
    approver: make(),
    snapshot: make(),
    timestamp: make(),
    director: make(),
    adjuster: make(),
    time: make(),
    verdict: make(),
  };
}

async function refuseUsedFolder(folder: string): Promise<void> {
  try {
    if ((await readdir(folder)).length === 0) return;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  throw new PublisherError('already-there', `${folder} is not empty: keys are never overwritten`);
}

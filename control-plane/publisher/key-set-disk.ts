import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { codeOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { makeFolderDurably, moveDurably, writeDurably } from '@bellwether/shared/files/durable-file-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { sha256 } from '@bellwether/shared/signing/digest';
import { type KeyFile, writeKeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair, type KeyPair } from '@bellwether/shared/signing/key-pair';
import { sealKey, writeSealedKey } from '@bellwether/shared/signing/sealed-key';
import { metadataFileName } from '../catalog/repository-layout.js';
import { requireFamily } from './family.js';
import { firstMetadata, offlineUses, type SetKeys, type SetKeyUse, serverUses } from './first-metadata.js';
import type { AskPassphrase } from './key-file-disk.js';
import { PublisherError } from './publisher-error.js';

/** What `keys init` made: the folder, and the digest that devices pin. */
export interface KeySet {
  readonly folder: string;
  readonly families: readonly string[];
  readonly rootSha256: string;
}

/** What a production set has. */
export interface ProductionSet {
  readonly families: readonly string[];
  /** 1 to 10 each: any of them may sign. */
  readonly publishers: number;
  readonly approvers: number;
  /** Asked for each private key, by its file's name: `root-1.key`. */
  readonly passphrase: AskPassphrase;
  /** Of scrypt; its default is for real keys, tests have less time. */
  readonly sealingCostLog2?: number;
  /** node:fs by default. */
  readonly files?: DiskFiles;
}

/** Root and targets: any 2 of these 3 [T-1]. */
const offlineHolders = 3;

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

/** How one key is written: its path without a folder, and the key. */
type WriteKey = (path: string, key: KeyFile) => Promise<void>;

interface NewSet {
  readonly families: readonly string[];
  readonly keys: SetKeys;
  readonly development: boolean;
  readonly nowMs: number;
  /** Of the keys that stay offline. The server's are for it to read without a person. */
  readonly writeOffline: WriteKey;
  readonly files: DiskFiles;
}

/**
 * Makes a development key set in a new or empty folder, all of it or nothing. Throws PublisherError `already-there` rather
 * than touch what is in the folder, or `family`.
 */
export async function initDevelopmentKeys(folder: string, families: readonly string[], nowMs: number): Promise<KeySet> {
  const keys = newKeys({ root: 1, targets: 1, publisher: 1, approver: 1 });
  const set = { families, keys, development: true, nowMs, writeOffline: writeKeyFile, files: nodeFiles };
  return initKeys(folder, set);
}

/**
 * Makes a production key set: root and targets 2 of 3, each private key of people sealed under its own passphrase. Throws
 * as initDevelopmentKeys does.
 */
export async function initProductionKeys(
  folder: string,
  { families, publishers, approvers, passphrase, sealingCostLog2, files = nodeFiles }: ProductionSet,
  nowMs: number,
): Promise<KeySet> {
  const people = { root: offlineHolders, targets: offlineHolders, publisher: publishers, approver: approvers };
  const writeOffline: WriteKey = async (path, key) =>
    writeSealedKey(path, sealKey(key, await passphrase(basename(path)), sealingCostLog2), files);
  return initKeys(folder, { families, keys: newKeys(people), development: false, nowMs, writeOffline, files });
}

/** Makes one key, sealed under its passphrase, in a new file; answers with its public key. Throws PublisherError `already-there`. */
export async function makeKey(path: string, use: SetKeyUse, passphrase: AskPassphrase): Promise<string> {
  const { publicKey, seed } = generateKeyPair();
  const sealed = sealKey({ version: 1, use, public: publicKey, seed }, await passphrase(basename(path)));
  await writeSealedKey(path, sealed).catch((cause: unknown) => {
    if (codeOf(cause) !== 'EEXIST') throw cause;
    throw new PublisherError('already-there', `${path} is there: keys are never overwritten`, { cause });
  });
  await nodeFiles.syncFolder(dirname(path)); // a quorum may soon count on it
  return publicKey;
}

async function initKeys(folder: string, set: NewSet): Promise<KeySet> {
  for (const family of set.families) requireFamily(family);
  const families = [...new Set(set.families)];
  const target = resolve(folder);
  await refuseUsedFolder(target);
  const draft = join(dirname(target), `.${basename(target)}.draft`);
  await set.files.remove(draft);
  try {
    const rootSha256 = await writeKeySet(draft, { ...set, families });
    await moveDurably(set.files, draft, target); // replaces an empty folder
    return { folder: target, families, rootSha256 };
  } catch (error) {
    await set.files.remove(draft);
    throw error;
  }
}

/** All of it is on the disk before its name counts: devices pin the root soon, and nothing brings the keys back. */
async function writeKeySet(folder: string, set: NewSet): Promise<string> {
  const { files } = set;
  const folders = ['.', 'offline', 'server', 'server/metadata', 'server/blobs'].map((part) => join(folder, part));
  for (const each of folders) await makeFolderDurably(files, each, 0o700);
  const writeServers: WriteKey = (path, key) => writeKeyFile(path, key, files);
  for (const use of [...offlineUses, ...serverUses]) {
    const write: WriteKey = offlineUses.some((each) => each === use) ? set.writeOffline : writeServers;
    for (const [i, { publicKey, seed }] of set.keys[use].entries()) {
      const path = join(folder, keyFolders[use], keyFileName(use, i + 1, set.development));
      await write(path, { version: 1, use, public: publicKey, seed });
    }
  }
  const { metadata, onlineKeys } = firstMetadata(set.keys, set);
  const root = metadata.get(metadataFileName('root', 1)) ?? new Uint8Array();
  const open = new Map<string, Uint8Array>([
    ...[...metadata].map(([name, bytes]) => [`server/metadata/${name}`, bytes] as const),
    [`server/blobs/${sha256(onlineKeys)}`, onlineKeys],
    ['root.json', root],
  ]);
  for (const [name, bytes] of open) await writeDurably(files, join(folder, name), bytes, { mode: 0o644 });
  for (const each of folders) await files.syncFolder(each);
  return sha256(root);
}

/** People's keys of a production set are numbered; where there is one for sure they are not. */
function keyFileName(use: SetKeyUse, number: number, development: boolean): string {
  const isPeoples = offlineUses.some((each) => each === use);
  return isPeoples && !development ? `${use}-${number}.key` : `${use}.key`;
}

function newKeys(people: Readonly<Record<(typeof offlineUses)[number], number>>): SetKeys {
  const make = (count: number): KeyPair[] => Array.from({ length: count }, () => generateKeyPair());
  return {
    root: make(people.root),
    targets: make(people.targets),
    publisher: make(people.publisher),
    approver: make(people.approver),
    snapshot: make(1),
    timestamp: make(1),
    director: make(1),
    adjuster: make(1),
    time: make(1),
    verdict: make(1),
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

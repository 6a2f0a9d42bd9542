import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { codeOf } from '@bellwether/shared/errors';
import { makeFolderDurably, placeDurably, replaceDurably } from '@bellwether/shared/files/durable-file-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { formatKeyFile, readKeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair, type KeyPair } from '@bellwether/shared/signing/key-pair';
import { DataError } from './data-error.js';

/** The keys that the server makes for itself: `issuer` signs sessions' tokens, `audit` the heads of the audit log. */
type OwnKeyUse = 'issuer' | 'audit';

/** Makes a folder that only its owner may enter, unless it is there. */
export async function makeFolder(path: string): Promise<void> {
  await makeFolderDurably(nodeFiles, path, 0o700);
}

/** A new first admin's token in place of the one before. */
export async function renewOperatorToken(path: string): Promise<string> {
  const token = newOperatorToken();
  await replaceDurably(nodeFiles, path, Buffer.from(`${token}\n`));
  return token;
}

function newOperatorToken(): string {
  return `bwo_${randomBytes(32).toString('base64url')}`;
}

/**
 * The first admin's token: 256 random bits, made on the first start, in a file of mode 0600. Later the file may be gone.
 * Throws DataError when it holds something else.
 */
export async function operatorToken(path: string, isFirstStart: boolean): Promise<string | undefined> {
  if (isFirstStart) await placeOnce(path, () => `${newOperatorToken()}\n`);
  const token = (await readIfThere(path))?.trim();
  if (token === undefined || /^[\x21-\x7e]{32,512}$/.test(token)) return token;
  throw new DataError('data-corrupt', `${path} holds no token of 32 to 512 characters: delete it`);
}

/** A secret that others may share, a CDN's edge or a broker: 256 random bits, made on the first start, in a file of mode 0600. */
export async function sharedSecret(path: string): Promise<string> {
  await placeOnce(path, () => `${randomBytes(32).toString('base64url')}\n`);
  const secret = (await readFile(path, 'utf8')).trim();
  if (secret.length >= 32) return secret;
  throw new DataError(
    'data-corrupt',
    `${path} holds no secret of at least 32 characters: delete it, and a new one is made`,
  );
}

/** A key that is made on the first start. Throws DataError when it is a key for something else, or what readKeyFile throws. */
export async function ownKey(folder: string, use: OwnKeyUse): Promise<KeyPair> {
  const path = `${folder}/${use}.key`;
  await placeOnce(path, () => {
    const { publicKey, seed } = generateKeyPair();
    return formatKeyFile({ version: 1, use, public: publicKey, seed });
  });
  const key = await readKeyFile(path);
  if (key.use !== use) throw new DataError('data-corrupt', `${path} is a ${key.use} key`);
  return { publicKey: key.public, seed: key.seed };
}

/** Whole or not at all after a power cut: an empty secret would stop every later start. */
async function placeOnce(path: string, make: () => string): Promise<void> {
  if ((await readIfThere(path)) === undefined) await placeDurably(nodeFiles, path, Buffer.from(make()));
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw cause;
  });
}

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { codeOf } from '@bellwether/shared/errors';
import { readKeyFile, writeKeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair, type KeyPair } from '@bellwether/shared/signing/key-pair';
import { DataError } from './data-error.js';

/** The keys that the server makes for itself: `issuer` signs sessions' tokens, `audit` the heads of the audit log. */
type OwnKeyUse = 'issuer' | 'audit';

/** Makes a folder that only its owner may enter, unless it is there. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** A new first admin's token in place of the one before. */
export async function renewOperatorToken(path: string): Promise<string> {
  const token = newOperatorToken();
  await rm(path, { force: true });
  await writeFile(path, `${token}\n`, { mode: 0o600, flag: 'wx' });
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
  if (isFirstStart) {
    await orIfThere(writeFile(path, `${newOperatorToken()}\n`, { mode: 0o600, flag: 'wx' }));
  }
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (codeOf(cause) !== 'ENOENT') throw cause;
  });
  const token = text?.trim();
  if (token === undefined || /^[\x21-\x7e]{32,512}$/.test(token)) return token;
  throw new DataError('data-corrupt', `${path} holds no token of 32 to 512 characters: delete it`);
}

/** A secret that others may share, a CDN's edge or a broker: 256 random bits, made on the first start, in a file of mode 0600. */
export async function sharedSecret(path: string): Promise<string> {
  await orIfThere(writeFile(path, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' }));
  const secret = (await readFile(path, 'utf8')).trim();
  if (secret.length >= 32) return secret;
  throw new DataError(
    'data-corrupt',
    `${path} holds no secret of at least 32 characters: delete it, and a new one is made`,
  );
}

/** A key that is made on the first start. Throws DataError when it is a key for something else, or what readKeyFile throws. */
export async function ownKey(folder: string, use: OwnKeyUse): Promise<KeyPair> {
  const { publicKey, seed } = generateKeyPair();
  await orIfThere(writeKeyFile(`${folder}/${use}.key`, { version: 1, use, public: publicKey, seed }));
  const key = await readKeyFile(`${folder}/${use}.key`);
  if (key.use !== use) throw new DataError('data-corrupt', `${folder}/${use}.key is a ${key.use} key`);
  return { publicKey: key.public, seed: key.seed };
}

async function orIfThere(writing: Promise<void>): Promise<void> {
  try {
    await writing;
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST') throw cause;
  }
}

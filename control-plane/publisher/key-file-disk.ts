import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { decodeKeyFile, type KeyFile } from '@bellwether/shared/signing/key-file';
import { decodeSealedKey, openSealedKey } from '@bellwether/shared/signing/sealed-key';
import { PublisherError } from './publisher-error.js';

/** Asked for the passphrase of a sealed key, by its file's name. */
export type AskPassphrase = (keyName: string) => Promise<string>;

/**
 * Reads a private key, open or sealed; only a sealed one asks for its passphrase. Throws PublisherError `passphrase`,
 * DecodeError, or Node's own error.
 */
export async function openKeyFile(path: string, passphrase: AskPassphrase): Promise<KeyFile> {
  const bytes = await readFile(path);
  const sealed = decodeSealedKey(bytes, path);
  if (sealed === undefined) return decodeKeyFile(bytes, `key file ${path}`);
  const key = openSealedKey(sealed, await passphrase(basename(path)));
  if (key !== undefined) return key;
  throw new PublisherError('passphrase', `${path} does not open with this passphrase, or it was changed`);
}

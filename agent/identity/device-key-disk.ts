import { DecodeError } from '@bellwether/shared/contract/decode';
import { CodedError, codeOf, messageOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { placeDurably } from '@bellwether/shared/files/durable-file-disk';
import { formatKeyFile, type KeyFile, readKeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';

/** A file of the identity folder that is not what it should be: nobody but an operator may replace a device's key. */
export class IdentityError extends CodedError<'state-corrupt'> {}

/** A device's key in its file; undefined when there is none. Throws IdentityError, or Node's own error. */
export async function readDeviceKey(path: string): Promise<KeyFile | undefined> {
  try {
    return await readKeyFile(path);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw asIdentityError(cause);
  }
}

/** The key in the file, made when there is none: there whole or not at all. Throws as readDeviceKey does. */
export async function openDeviceKey(files: DiskFiles, path: string): Promise<KeyFile> {
  const known = await readDeviceKey(path);
  if (known !== undefined) return known;
  const { publicKey, seed } = generateKeyPair();
  const key: KeyFile = { version: 1, use: 'device', public: publicKey, seed };
  await placeDurably(files, path, Buffer.from(formatKeyFile(key)));
  return key;
}

/** A file that cannot be read as what it should be, in our code; any other error as it is. */
export function asIdentityError(cause: unknown): unknown {
  return cause instanceof DecodeError ? new IdentityError('state-corrupt', messageOf(cause), { cause }) : cause;
}

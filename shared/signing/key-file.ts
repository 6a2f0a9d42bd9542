import { readFile } from 'node:fs/promises';
import { DecodeError, decodeDocument } from '../contract/decode.js';
import { writeDurably } from '../files/durable-file-disk.js';
import { nodeFiles } from '../files/node-files-disk.js';
import { hex64Pattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { publicKeyOf } from './ed25519-nacl.js';

/** What a key is for. TUF roles first; `director` … `verdict` are those of keys/online.json; `issuer` signs session tokens; `audit` the heads of the audit log; `device` is an agent's. */
export const keyUses = [
  'root',
  'targets',
  'publisher',
  'approver',
  'snapshot',
  'timestamp',
  'director',
  'adjuster',
  'time',
  'verdict',
  'issuer',
  'audit',
  'device',
] as const;
export type KeyUse = (typeof keyUses)[number];

/** Largest key file that is read, in bytes. */
export const maxKeyFileBytes = 4096;

/** A private key on disk, mode 0600. */
export const KeyFile = Type.Object(
  {
    version: Type.Literal(1),
    use: Type.Enum(keyUses),
    public: Type.String({ pattern: hex64Pattern }),
    seed: Type.String({ pattern: hex64Pattern }),
  },
  { additionalProperties: false },
);
export type KeyFile = Static<typeof KeyFile>;

const compiled = Compile(KeyFile);

/** Writes a new key file, 0600, as writeDurably does; throws EEXIST rather than overwrite a key. */
export async function writeKeyFile(path: string, key: KeyFile, files = nodeFiles): Promise<void> {
  await writeDurably(files, path, Buffer.from(formatKeyFile(key)), { how: 'create' });
}

/** The text of a key file. */
export function formatKeyFile(key: KeyFile): string {
  return `${JSON.stringify(key, null, 2)}\n`;
}

/** Reads a key file that is not sealed; throws DecodeError when it is not one or its public key is not its seed's, or Node's own error. */
export async function readKeyFile(path: string): Promise<KeyFile> {
  return decodeKeyFile(await readFile(path), `key file ${path}`);
}

/** A key out of its file's bytes; throws DecodeError as readKeyFile does. */
export function decodeKeyFile(bytes: Uint8Array, what: string): KeyFile {
  const key = decodeDocument(compiled, bytes, { what, maxBytes: maxKeyFileBytes });
  if (publicKeyOf(key.seed) !== key.public) {
    throw new DecodeError('schema', `${what}: the public key does not belong to the seed`);
  }
  return key;
}

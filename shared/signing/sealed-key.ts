import { scryptSync } from 'node:crypto';
import nacl from 'tweetnacl';
import { DecodeError, decodeDocument } from '../contract/decode.js';
import { writeDurably } from '../files/durable-file-disk.js';
import { nodeFiles } from '../files/node-files-disk.js';
import { hex64Pattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { publicKeyOf } from './ed25519-nacl.js';
import { type KeyFile, keyUses, maxKeyFileBytes } from './key-file.js';

/**
 * A private key under a passphrase, version 2 of a key file: the seed in a NaCl secretbox (XSalsa20-Poly1305), its key
 * from the passphrase by scrypt (RFC 7914; r = 8, p = 1). The use is part of scrypt's salt and the public key is compared
 * with the seed, so neither can be changed without the passphrase.
 */
const SealedKeyFile = Type.Object(
  {
    version: Type.Literal(2),
    use: Type.Enum(keyUses),
    public: Type.String({ pattern: hex64Pattern }),
    sealed: Type.Object(
      {
        kdf: Type.Literal('scrypt'),
        /** Scrypt's N is 2^costLog2; bounded, so that a file cannot ask for all memory: 2^20 takes 1 GB. */
        costLog2: Type.Integer({ minimum: 10, maximum: 20 }),
        salt: Type.String({ pattern: hex64Pattern }),
        nonce: Type.String({ pattern: '^[0-9a-f]{48}$' }),
        box: Type.String({ pattern: '^[0-9a-f]{96}$' }),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
export type SealedKeyFile = Static<typeof SealedKeyFile>;

/** N = 2^17 takes 128 MB and about 0.4 s: what OWASP asks of scrypt with r = 8, p = 1. */
const defaultCostLog2 = 17;

const compiled = Compile(SealedKeyFile);

/** Seals a key under a passphrase, with a new salt and nonce. */
export function sealKey(key: KeyFile, passphrase: string, costLog2 = defaultCostLog2): SealedKeyFile {
  const salt = nacl.randomBytes(32);
  const nonce = nacl.randomBytes(24);
  const seed = new Uint8Array(Buffer.from(key.seed, 'hex'));
  const box = nacl.secretbox(seed, nonce, boxKey(passphrase, { salt, use: key.use, costLog2 }));
  return {
    version: 2,
    use: key.use,
    public: key.public,
    sealed: { kdf: 'scrypt', costLog2, salt: hex(salt), nonce: hex(nonce), box: hex(box) },
  };
}

/** Writes a new sealed key file, 0600, as writeDurably does; throws EEXIST rather than overwrite a key. */
export async function writeSealedKey(path: string, key: SealedKeyFile, files = nodeFiles): Promise<void> {
  await writeDurably(files, path, Buffer.from(`${JSON.stringify(key, null, 2)}\n`), { how: 'create' });
}

/** Opens a sealed key; undefined when the passphrase is another one, or the file was changed. */
export function openSealedKey(file: SealedKeyFile, passphrase: string): KeyFile | undefined {
  const { use, public: publicKey, sealed } = file;
  const salt = bytesOf(sealed.salt);
  const key = boxKey(passphrase, { salt, use, costLog2: sealed.costLog2 });
  const seed = nacl.secretbox.open(bytesOf(sealed.box), bytesOf(sealed.nonce), key);
  if (seed === null || publicKeyOf(hex(seed)) !== publicKey) return undefined;
  return { version: 1, use, public: publicKey, seed: hex(seed) };
}

/** Reads a sealed key file; undefined when the bytes are something else. */
export function decodeSealedKey(bytes: Uint8Array, what: string): SealedKeyFile | undefined {
  try {
    return decodeDocument(compiled, bytes, { what, maxBytes: maxKeyFileBytes });
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function boxKey(
  passphrase: string,
  { salt, use, costLog2 }: { readonly salt: Uint8Array; readonly use: string; readonly costLog2: number },
): Uint8Array {
  const cost = 2 ** costLog2;
  const options = { N: cost, r: 8, p: 1, maxmem: 128 * cost * 8 + 1024 * 1024 };
  // NFKC: the same passphrase typed on two keyboards is the same bytes.
  return new Uint8Array(scryptSync(passphrase.normalize('NFKC'), Buffer.concat([salt, Buffer.from(use)]), 32, options));
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

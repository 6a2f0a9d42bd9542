import { describe, expect, it } from 'vitest';
import type { KeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { decodeSealedKey, openSealedKey, sealKey } from '@bellwether/shared/signing/sealed-key';

const { publicKey, seed } = generateKeyPair();
const key: KeyFile = { version: 1, use: 'approver', public: publicKey, seed };
const cost = 10;
const sealed = sealKey(key, 'correct horse battery', cost);

describe('a sealed key', () => {
  it('opens with its passphrase, and shows its seed to nobody else', () => {
    expect(openSealedKey(sealed, 'correct horse battery')).toEqual(key);
    expect(JSON.stringify(sealed)).not.toContain(seed);
    expect(openSealedKey(sealed, 'correct horse batterz')).toBeUndefined();
  });

  it('opens with the same passphrase typed as other code points', () => {
    expect(openSealedKey(sealKey(key, 'schlüssel', cost), 'schlu\u0308ssel')).toEqual(key);
  });

  it('is sealed differently each time', () => {
    const again = sealKey(key, 'correct horse battery', cost);
    expect(again.sealed.salt).not.toBe(sealed.sealed.salt);
    expect(again.sealed.box).not.toBe(sealed.sealed.box);
  });

  it.each([
    ['another use', { ...sealed, use: 'publisher' as const }],
    ['another public key', { ...sealed, public: generateKeyPair().publicKey }],
    ['another box', { ...sealed, sealed: { ...sealed.sealed, box: 'ab'.repeat(48) } }],
  ])('does not open with %s written over its own', (_what, changed) => {
    expect(openSealedKey(changed, 'correct horse battery')).toBeUndefined();
  });

  it('is not read when it asks for more than 1 GB of memory, or is another version', () => {
    const read = (value: unknown) => decodeSealedKey(Buffer.from(JSON.stringify(value)), 'key');
    expect(read(sealed)).toEqual(sealed);
    expect(read({ ...sealed, sealed: { ...sealed.sealed, costLog2: 21 } })).toBeUndefined();
    expect(read(key)).toBeUndefined();
  });
});

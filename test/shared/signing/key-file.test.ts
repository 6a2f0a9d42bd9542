import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { secretsEqual, sha256 } from '@bellwether/shared/signing/digest';
import { type KeyFile, readKeyFile, writeKeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';

describe('key files', () => {
  let folder = '';
  let path = '';
  const { publicKey, seed } = generateKeyPair();
  const key: KeyFile = { version: 1, use: 'publisher', public: publicKey, seed };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-key-'));
    path = join(folder, 'publisher.key');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are written for their owner only, and read back', async () => {
    await writeKeyFile(path, key);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readKeyFile(path)).toEqual(key);
  });

  it('are never overwritten', async () => {
    await writeKeyFile(path, key);
    await expect(writeKeyFile(path, { ...key, use: 'approver' })).rejects.toMatchObject({ code: 'EEXIST' });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(key);
  });

  it.each([
    ['another use', { ...key, use: 'owner' }, /use/],
    ['a seed in upper case', { ...key, seed: seed.toUpperCase().replace(/^\d/, 'A') }, /seed/],
    ['an unknown field', { ...key, comment: '' }, /unknown field comment/],
    ['the public key of another seed', { ...key, seed: generateKeyPair().seed }, /does not belong/],
  ])('are refused with %s, and the message names the file', async (_name, value, why) => {
    await writeFile(path, JSON.stringify(value));
    await expect(readKeyFile(path)).rejects.toThrow(why);
    await expect(readKeyFile(path)).rejects.toThrow(path);
  });

  it('are told missing by Node’s own error', async () => {
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('digests', () => {
  it('are those of FIPS 180-4', () => {
    expect(sha256(Buffer.from('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(sha256(new Uint8Array())).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('compare secrets of any length', () => {
    expect(secretsEqual('token', 'token')).toBe(true);
    expect(secretsEqual('token', 'tokeN')).toBe(false);
    expect(secretsEqual('token', 'token ')).toBe(false);
    expect(secretsEqual('', '')).toBe(true);
  });
});

describe('key pairs', () => {
  it('are new each time', () => {
    const seeds = Array.from({ length: 8 }, () => generateKeyPair().seed);
    expect(new Set(seeds).size).toBe(8);
  });
});

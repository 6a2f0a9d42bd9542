import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MetadataKeyRing } from '@bellwether/control-plane/catalog/metadata-key-ring-disk';
import { editServerKeys } from '@bellwether/control-plane/publisher/key-edit';
import { codeOf } from '@bellwether/shared/errors';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { writeKeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { firstTrust } from '../../support/first-trust.js';

const { base, keys } = firstTrust();

/** The root with other keys for snapshot. */
const naming = (snapshot: string) => ({
  ...base.root,
  signed: editServerKeys(base.root, new Map([['snapshot', snapshot]]), base.nowMs),
});

describe('the server’s keys for snapshot and timestamp', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-ring-'));
    for (const use of ['snapshot', 'timestamp'] as const) {
      const { publicKey, seed } = keys[use][0] ?? generateKeyPair();
      await writeKeyFile(join(folder, `${use}.key`), { version: 1, use, public: publicKey, seed });
    }
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = () => MetadataKeyRing.open({ folder, disk: nodeFiles });
  const old = () => keys.snapshot[0]?.publicKey;

  it('have a successor that signs what the root lets it sign, and no sooner', async () => {
    const ring = await open();
    const next = await ring.prepare('snapshot');
    expect(await ring.prepare('snapshot')).toBe(next);
    expect(ring.pairsFor(base.root).snapshot.publicKey).toBe(old());
    expect(ring.pairsFor(naming(next)).snapshot.publicKey).toBe(next);
    await ring.settle(base.root);
    expect(await (await open()).prepare('snapshot')).toBe(next);
  });

  it('go when their successor stands, also when a crash came between', async () => {
    const next = await (await open()).prepare('snapshot');
    const ring = await open();
    expect(ring.pairsFor(naming(next)).snapshot.publicKey).toBe(next);
    await ring.settle(naming(next));
    expect((await readdir(folder)).toSorted()).toEqual(['snapshot.key', 'timestamp.key']);
    expect((await open()).pairsFor(naming(next)).snapshot.publicKey).toBe(next);
    expect(() => ring.pairsFor(base.root)).toThrow(/names no snapshot key/);
  });

  it('refuse a root that names a key that nobody made here', async () => {
    const ring = await open();
    let refusal: unknown;
    try {
      ring.pairsFor(naming(generateKeyPair().publicKey));
    } catch (error) {
      refusal = codeOf(error);
    }
    expect(refusal).toBe('role-policy');
  });
});

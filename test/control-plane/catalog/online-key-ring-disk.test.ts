import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OnlineKeyRing } from '@bellwether/control-plane/catalog/online-key-ring-disk';
import type { OnlineKeys, OnlineKeyUse } from '@bellwether/shared/contract/online-keys';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import { writeKeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';

const uses: readonly OnlineKeyUse[] = ['director', 'adjuster', 'time', 'verdict'];

describe('the server’s own keys', () => {
  let folder = '';
  let listed: OnlineKeys;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-ring-'));
    const keys = uses.map((use) => ({ use, ...generateKeyPair() }));
    for (const { use, publicKey, seed } of keys) {
      await writeKeyFile(join(folder, `${use}.key`), { version: 1, use, public: publicKey, seed });
    }
    const named = keys.map(({ use, publicKey }) => ({ use, public: publicKey, keyid: keyIdOf(publicKey) }));
    listed = { schema: 'bellwether.online-keys.v1', epoch: 1, keys: named };
  });
  afterEach(() => rm(folder, { recursive: true }));

  const naming = (director: string, epoch = 1): OnlineKeys => ({
    ...listed,
    epoch,
    keys: listed.keys.map((key) =>
      key.use === 'director' ? { ...key, public: director, keyid: keyIdOf(director) } : key,
    ),
  });
  const directors = (ring: OnlineKeyRing) => ring.signers('director').map(({ publicKey }) => publicKey);
  const old = () => listed.keys.find(({ use }) => use === 'director')?.public ?? '';

  it('have a successor that signs nothing before it is named, and is the same one however often it is asked for', async () => {
    const ring = await OnlineKeyRing.open({ folder, disk: nodeFiles }, listed);
    const next = await ring.prepare('director');
    expect(await ring.prepare('director')).toBe(next);
    expect(directors(ring)).toEqual([old()]);
    const reopened = await OnlineKeyRing.open({ folder, disk: nodeFiles }, listed);
    expect(await reopened.prepare('director')).toBe(next);
    expect(directors(reopened)).toEqual([old()]);
  });

  it('sign both, the new one first, until the former one is retired', async () => {
    const ring = await OnlineKeyRing.open({ folder, disk: nodeFiles }, listed);
    const next = await ring.prepare('director');
    await ring.settle(naming(next));
    expect([directors(ring), ring.isRotating]).toEqual([[next, old()], true]);
    expect(directors(await OnlineKeyRing.open({ folder, disk: nodeFiles }, naming(next)))).toEqual([next, old()]);
    await ring.retire();
    expect([directors(ring), ring.isRotating]).toEqual([[next], false]);
    expect((await readdir(folder)).toSorted()).toEqual(uses.map((use) => `${use}.key`).toSorted());
  });

  it('are completed after a crash between the two renames', async () => {
    const next = await (await OnlineKeyRing.open({ folder, disk: nodeFiles }, listed)).prepare('director');
    await rename(join(folder, 'director.key'), join(folder, 'director.former.key'));
    expect(directors(await OnlineKeyRing.open({ folder, disk: nodeFiles }, naming(next)))).toEqual([next, old()]);
  });

  it('of an older epoch sign nothing more: they were stolen', async () => {
    const ring = await OnlineKeyRing.open({ folder, disk: nodeFiles }, listed);
    const next = await ring.prepare('director');
    await ring.settle(naming(next, 2));
    expect(directors(ring)).toEqual([next]);
    expect(await readdir(folder)).not.toContain('director.former.key');
  });

  it('must be among those that are named', async () => {
    const ring = await OnlineKeyRing.open({ folder, disk: nodeFiles }, listed);
    expect(ring.missing(listed)).toBeUndefined();
    expect(ring.missing(naming(generateKeyPair().publicKey))).toBe('director');
    expect(ring.missing(naming(await ring.prepare('director')))).toBeUndefined();
  });
});

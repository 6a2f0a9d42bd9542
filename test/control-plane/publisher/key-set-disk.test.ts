import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyTopLevel } from '@bellwether/control-plane/catalog/metadata-tuf';
import { decodeRootFile, decodeTargetsFile } from '@bellwether/control-plane/catalog/role-file';
import { openKeyFile } from '@bellwether/control-plane/publisher/key-file-disk';
import { initDevelopmentKeys, initProductionKeys } from '@bellwether/control-plane/publisher/key-set-disk';
import { decodeOnlineKeys, onlineKeysPath, publicKeysFor } from '@bellwether/shared/contract/online-keys';
import { codeOf } from '@bellwether/shared/errors';
import { sha256 } from '@bellwether/shared/signing/digest';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import { PowerCutFiles } from '../../support/power-cut-files.js';

const nowMs = Date.UTC(2026, 0, 1);

describe('a development key set', () => {
  let parent = '';
  let folder = '';
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'bellwether-keys-'));
    folder = join(parent, 'keys');
  });
  afterEach(() => rm(parent, { recursive: true }));

  const refusal = (families: readonly string[] = ['digits']) =>
    initDevelopmentKeys(folder, families, nowMs).then(
      () => 'made',
      (error: unknown) => codeOf(error),
    );

  it('has every key once, each for its use and readable by its owner only', async () => {
    await initDevelopmentKeys(folder, ['digits'], nowMs);
    const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.key'));
    const publicKeys = new Set<string>();
    for (const name of names) {
      const key = await readKeyFile(join(folder, name));
      expect(name.endsWith(`${key.use}.key`)).toBe(true);
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
      publicKeys.add(key.public);
    }
    expect(names).toHaveLength(10);
    expect(publicKeys.size).toBe(10);
  });

  it('gives the server no key that signs releases, root or targets', async () => {
    await initDevelopmentKeys(folder, ['digits'], nowMs);
    const names = (await readdir(join(folder, 'server'), { recursive: true })).filter((name) => name.endsWith('.key'));
    expect(new Set(names)).toEqual(
      new Set(['adjuster', 'director', 'snapshot', 'time', 'timestamp', 'verdict'].map((use) => `${use}.key`)),
    );
  });

  it('has a root that devices pin, marked as development and good for a year', async () => {
    const { rootSha256 } = await initDevelopmentKeys(folder, ['digits'], nowMs);
    const bytes = await readFile(join(folder, 'root.json'));
    expect(sha256(bytes)).toBe(rootSha256);
    expect(bytes).toEqual(await readFile(join(folder, 'server/metadata/1.root.json')));
    expect(decodeRootFile(bytes).signed).toMatchObject({ 'x-bw-development': true, expires: '2027-01-01T00:00:00Z' });
  });

  it('has a family once that was named twice', async () => {
    const { families } = await initDevelopmentKeys(folder, ['digits', 'digits'], nowMs);
    expect(families).toEqual(['digits']);
    const { delegations } = decodeTargetsFile(await readFile(join(folder, 'server/metadata/1.targets.json'))).signed;
    expect(delegations.roles.map(({ name }) => name)).toEqual(['staging-digits', 'production-digits']);
  });

  it('delegates two roles per family, and lists the server’s keys and nothing else', async () => {
    await initDevelopmentKeys(folder, ['digits', 'silero'], nowMs);
    const { signed } = decodeTargetsFile(await readFile(join(folder, 'server/metadata/1.targets.json')));
    expect(signed.delegations.roles.map((role) => [role.name, role.threshold, role.paths])).toEqual(
      ['digits', 'silero'].flatMap((family) =>
        ['staging', 'production'].map((stage) => [
          `${stage}-${family}`,
          1,
          [`${stage}/${family}/*/manifest.json`, `${stage}/${family}-*/*/manifest.json`],
        ]),
      ),
    );
    expect(Object.keys(signed.targets)).toEqual([onlineKeysPath]);
    const digest = signed.targets[onlineKeysPath]?.hashes.sha256 ?? '';
    const onlineKeys = decodeOnlineKeys(await readFile(join(folder, 'server/blobs', digest)));
    const director = await readKeyFile(join(folder, 'server/director.key'));
    expect(publicKeysFor(onlineKeys, 'director')).toEqual([director.public]);
  });

  it('is never made over something else', async () => {
    expect(await refusal()).toBe('made');
    const root = await readFile(join(folder, 'root.json'));
    expect(await refusal()).toBe('already-there');
    expect(await readFile(join(folder, 'root.json'))).toEqual(root);
  });

  it('may be made in an empty folder, and leaves nothing beside it', async () => {
    await mkdir(folder);
    await mkdir(join(parent, '.keys.draft')); // of an attempt that was cut off
    await writeFile(join(parent, '.keys.draft', 'root.json'), 'half');
    expect(await refusal()).toBe('made');
    expect(await readdir(parent)).toEqual(['keys']);
  });

  it.each(['Digits', 'digits-large', '', '../x'])('is not made for the family "%s"', async (family) => {
    expect(await refusal([family])).toBe('family');
    expect(await readdir(parent)).toEqual([]);
  });
});

describe('a production key set', () => {
  let parent = '';
  let folder = '';
  const asked: string[] = [];
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'bellwether-keys-'));
    folder = join(parent, 'keys');
    asked.length = 0;
    const passphrase = async (name: string) => {
      asked.push(name);
      return `passphrase of ${name}`;
    };
    const people = { families: ['digits'], publishers: 2, approvers: 1, passphrase, sealingCostLog2: 10 };
    await initProductionKeys(folder, people, nowMs);
  });
  afterEach(() => rm(parent, { recursive: true }));

  it('has root and targets 2 of 3 without a mark, sealed keys for people and open ones for the server', async () => {
    const people = ['root-1', 'root-2', 'root-3', 'targets-1', 'targets-2', 'targets-3'];
    expect(asked).toEqual([...people, 'publisher-1', 'publisher-2', 'approver-1'].map((name) => `${name}.key`));
    const root = decodeRootFile(await readFile(join(folder, 'root.json')));
    expect(root.signed).not.toHaveProperty('x-bw-development');
    for (const role of ['root', 'targets'] as const) {
      expect(root.signed.roles[role]).toMatchObject({ threshold: 2, keyids: { length: 3 } });
    }
    const targets = decodeTargetsFile(await readFile(join(folder, 'server/metadata/1.targets.json')));
    verifyTopLevel(root, root);
    verifyTopLevel(root, targets);
    expect(targets.signed.delegations.roles.map(({ keyids }) => keyids.length)).toEqual([2, 1]);
    expect((await readKeyFile(join(folder, 'server/director.key'))).use).toBe('director');
    await expect(readKeyFile(join(folder, 'offline/root-1.key'))).rejects.toMatchObject({ code: 'schema' });
    const open = (passphrase: string) => openKeyFile(join(folder, 'offline/root-1.key'), async () => passphrase);
    expect(await open('passphrase of root-1.key')).toMatchObject({ use: 'root' });
    await expect(open('passphrase of root-2.key')).rejects.toMatchObject({ code: 'passphrase' });
  });
});

describe('a key set whose root devices are about to pin', () => {
  it('is on the disk, every byte and every name, before its folder has its name', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'bellwether-keys-'));
    try {
      const files = new PowerCutFiles(parent);
      const passphrase = async () => 'a passphrase of tests';
      const people = { publishers: 1, approvers: 1, passphrase, sealingCostLog2: 10 };
      await initProductionKeys(join(parent, 'keys'), { families: ['digits'], ...people, files }, nowMs);
      const cuts = Array.from({ length: files.length }, (_, i) => i + 1);
      const renamed = cuts.find((cut) => files.describe(cut).startsWith('rename')) ?? 0;
      expect(files.describe(files.length)).toMatch(/^sync-folder/);
      const survivors = files.survivors(renamed - 1, 'lost', () => 0);
      const names = await readdir(join(parent, 'keys'), { recursive: true });
      expect(names.length).toBeGreaterThan(20);
      for (const name of names) {
        const isFolder = (await stat(join(parent, 'keys', name))).isDirectory();
        const made = isFolder ? 'folder' : new Uint8Array(await readFile(join(parent, 'keys', name)));
        const left = survivors.get(`.keys.draft/${name}`);
        expect({ name, left: typeof left === 'string' ? left : new Uint8Array(left ?? []) }).toEqual({
          name,
          left: made,
        });
      }
    } finally {
      await rm(parent, { recursive: true });
    }
  });
});

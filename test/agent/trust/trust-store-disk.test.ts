import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MetadataBytes } from '@bellwether/agent/trust/metadata';
import type { TrustState } from '@bellwether/agent/trust/trust-store';
import { DiskTrustStore } from '@bellwether/agent/trust/trust-store-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { refusalCode } from '../../support/refusal-code.js';
import { SignedRepository } from '../../support/signed-repository.js';

const state: TrustState = { floors: { root: 1, roles: {} }, order: null, timeFloorMs: 7 };

let folder: string;
let metadata: MetadataBytes;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-store-'));
  const repository = await SignedRepository.create(join(folder, 'plane'), ['digits']);
  const bytes = (name: string) => repository.published.get(name) ?? new Uint8Array();
  const leaves = new Map([['staging-digits', bytes('staging-digits')]]);
  const current = {
    timestamp: bytes('timestamp'),
    snapshot: bytes('snapshot'),
    targets: bytes('targets'),
    onlineKeys: Buffer.from('{}'),
    leaves,
  };
  metadata = { roots: [bytes('root')], current };
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const open = () => new DiskTrustStore(join(folder, 'trust'), nodeFiles);

describe('the trust store', () => {
  it('is empty at first, and then has what was saved last', async () => {
    const store = open();
    expect(await store.load()).toBeNull();
    await store.save(state, metadata);
    await store.save({ ...state, timeFloorMs: 8 });
    expect(await open().load()).toEqual({ state: { ...state, timeFloorMs: 8 }, metadata });
  });

  it('does not see metadata that trust.json does not name: the power went before the switch', async () => {
    const store = open();
    await store.load();
    await store.save(state, metadata);
    await mkdir(join(folder, 'trust', 'metadata-2'));
    await writeFile(join(folder, 'trust', 'metadata-2', 'targets.json'), 'half writ');
    await writeFile(join(folder, 'trust', 'trust.json.tmp'), '{"vers');
    const again = open();
    expect(await again.load()).toEqual({ state, metadata });
    await again.save(state, { roots: metadata.roots, current: null });
    expect(basename(again.metadataFolder)).toBe('metadata-2');
    expect(await readdir(again.metadataFolder)).toEqual(['1.root.json']);
  });

  it.each(['', '{', '[]', '{"version":2}', '{"version":1,"metadata":"../elsewhere","state":{}}'])(
    'calls %j in trust.json corrupt',
    async (text) => {
      const store = open();
      await store.load();
      await store.save(state, metadata);
      await writeFile(join(folder, 'trust', 'trust.json'), text);
      expect(await refusalCode(() => open().load())).toBe('state-corrupt');
    },
  );

  it('has nothing for a missing file of its metadata, which nobody will believe', async () => {
    const store = open();
    await store.load();
    await store.save(state, metadata);
    await rm(join(store.metadataFolder, 'snapshot.json'));
    const current = { ...metadata.current, snapshot: new Uint8Array() };
    expect(await open().load()).toMatchObject({ metadata: { current } });
  });

  it('has what stood before as well, for as long as it is there', async () => {
    const store = open();
    await store.load();
    expect(await store.loadBefore()).toBeNull();
    await store.save(state, metadata);
    await store.save(state, { roots: metadata.roots, current: null });
    const again = open();
    await again.load();
    expect(await again.loadBefore()).toEqual(metadata);
  });
});

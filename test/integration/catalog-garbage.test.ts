import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Collection } from '@bellwether/control-plane/catalog/garbage';
import { type CatalogFixture, openCatalogFixture } from '../support/catalog-server.js';
import { refusalCode } from '../support/refusal-code.js';
import { blobRelease, streamOf } from '../support/signed-roles.js';

let fixture: CatalogFixture;
let blobFolder = '';
beforeEach(async () => {
  fixture = await openCatalogFixture();
  blobFolder = join(fixture.data, 'repository/blobs/sha256');
});
afterEach(() => fixture.remove());

/** Everything that is there now was written two days ago. */
async function age(): Promise<void> {
  const before = new Date(Date.now() - 2 * 86_400_000);
  for (const folder of [blobFolder, fixture.metadata]) {
    for (const name of await readdir(folder)) await utimes(join(folder, name), before, before);
  }
}

const collect = (changes: Partial<Collection> = {}) =>
  fixture.catalog.collect({
    dryRun: false,
    beforeMs: Date.now() - 86_400_000,
    held: () => new Set(),
    ...changes,
  });
const blobs = async () => new Set((await readdir(blobFolder)).filter((name) => name.length === 64));
const [listed, orphan] = [blobRelease('1.0.0'), blobRelease('6.6.6')];
const withdrawn = { ...listed.target, custom: { withdrawn: 'wrong labels' } };

describe('collecting garbage', () => {
  it('removes what was uploaded and never listed, and nothing that is', async () => {
    const own = await blobs();
    await fixture.upload(listed);
    await fixture.upload(orphan);
    await fixture.publish('staging', 2, { '1.0.0': listed.target });
    await age();
    const bytes = [...orphan.blobs.values()].reduce((sum, each) => sum + each.byteLength, 0);
    const planned = await collect({ dryRun: true });
    expect(planned.blobs.reduce((sum, each) => sum + each.bytes, 0)).toBe(bytes);
    expect((await blobs()).size).toBe(own.size + 6);
    expect((await collect()).blobs.map(({ name }) => name).sort()).toEqual([...orphan.blobs.keys()].sort());
    expect(await blobs()).toEqual(new Set([...own, ...listed.blobs.keys()]));
    expect((await fixture.reopen()).releases()).toHaveLength(1);
    expect((await collect()).blobs).toEqual([]);
  });

  it('removes the files of a withdrawn release, but not its manifest, and not while somebody is ordered to it', async () => {
    await fixture.upload(listed);
    await fixture.publish('staging', 2, { '1.0.0': listed.target });
    await fixture.publish('staging', 3, { '1.0.0': withdrawn });
    await age();
    const manifest = listed.target.hashes.sha256;
    expect((await collect({ held: () => new Set([manifest]) })).blobs).toEqual([]);
    const files = [...listed.blobs.keys()].filter((digest) => digest !== manifest).sort();
    expect((await collect()).blobs.map(({ name }) => name).sort()).toEqual(files);
    expect((await fixture.reopen()).find('digits', '1.0.0')).toMatchObject({ withdrawn: 'wrong labels' });
  });

  it('keeps every root, the newest ten versions of the rest, and what a kept snapshot names', async () => {
    for (let version = 2; version <= 14; version++) await fixture.publish('staging', version, {});
    await age();
    const before = await readdir(fixture.metadata);
    const { metadata } = await collect();
    // Snapshots 1 to 4 go; snapshot 5 is the oldest that stays and names version 5 of the role.
    const gone = [1, 2, 3, 4].flatMap((version) => [`${version}.snapshot.json`, `${version}.staging-digits.json`]);
    expect(metadata.map(({ name }) => name).sort()).toEqual(gone.sort());
    expect(new Set(await readdir(fixture.metadata))).toEqual(new Set(before.filter((name) => !gone.includes(name))));
    expect(before).toEqual(expect.arrayContaining(['1.root.json', '1.targets.json']));
    await fixture.reopen();
    await fixture.publish('staging', 15, {});
  });
});

describe('at the same moment', () => {
  type Listing = Parameters<CatalogFixture['publish']>[2];
  const publish = (version: number, listing: Listing) =>
    refusalCode(() => fixture.publish('staging', version, listing));

  it('a release that is published either stands whole, or is refused and can be published again', async () => {
    const outcomes = new Set<string>();
    const targets: Record<string, (typeof listed)['target']> = {};
    for (let round = 0; round < 6; round++) {
      const release = blobRelease(`2.0.${round}`);
      await fixture.upload(release);
      await age();
      const next = { ...targets, [`2.0.${round}`]: release.target };
      const both = round % 2 === 0 ? [publish(round + 2, next), collect()] : [collect(), publish(round + 2, next)];
      const outcome = (await Promise.all(both)).find((each) => typeof each === 'string') ?? '';
      outcomes.add(outcome);
      if (outcome !== 'passed') {
        await fixture.upload(release);
        expect(await publish(round + 2, next)).toBe('passed');
      }
      targets[`2.0.${round}`] = release.target;
      const there = await blobs();
      expect([...release.blobs.keys()].filter((digest) => !there.has(digest))).toEqual([]);
    }
    expect([...outcomes].filter((each) => !['passed', 'manifest-missing'].includes(each))).toEqual([]);
    expect((await fixture.reopen()).releases()).toHaveLength(6);
  });

  it('a blob that is uploaded again stays', async () => {
    const [digest = '', bytes = Buffer.alloc(0)] = [...orphan.blobs][0] ?? [];
    for (let round = 0; round < 20; round++) {
      await fixture.catalog.storeBlob(digest, streamOf(bytes));
      await age();
      const ticks = async () => {
        for (let i = 0; i < round % 7; i++) await new Promise(setImmediate);
      };
      await Promise.all([ticks().then(() => collect()), fixture.catalog.storeBlob(digest, streamOf(bytes))]);
      expect(await blobs()).toContain(digest);
    }
  });
});

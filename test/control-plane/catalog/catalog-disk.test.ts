import { chmod, cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCatalog } from '@bellwether/control-plane/catalog/catalog-disk';
import { signSnapshot, signTimestamp } from '@bellwether/control-plane/catalog/metadata-tuf';
import { initDevelopmentKeys } from '@bellwether/control-plane/publisher/key-set-disk';
import { silentLog } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import { type CatalogFixture, openCatalogFixture } from '../../support/catalog-server.js';
import { ManualClock } from '../../support/manual-clock.js';
import { refusalCode } from '../../support/refusal-code.js';
import { type BlobRelease, blobRelease, roleOf, signRole } from '../../support/signed-roles.js';

describe('the catalogue on disk', () => {
  let clock = new ManualClock();
  let fixture: CatalogFixture;
  beforeEach(async () => {
    clock = new ManualClock(Date.now());
    fixture = await openCatalogFixture({ clock });
  });
  afterEach(() => fixture.remove());

  const upload = (release: BlobRelease) => fixture.upload(release);
  const publish = (...role: Parameters<CatalogFixture['publish']>) => fixture.publish(...role);

  describe('on its first start', () => {
    it('takes over the key set, and shows an empty development repository', async () => {
      expect(fixture.catalog.releases()).toEqual([]);
      expect(fixture.catalog.development).toBe(true);
      expect(fixture.catalog.epoch).toBe(1);
      expect(fixture.catalog.rootSha256).toBe(sha256(await readFile(join(fixture.keys, 'root.json'))));
      expect(await readdir(join(fixture.data, 'keys'))).toContain('director.key');
    });

    it('asks for a key set when there is none', async () => {
      const empty = {
        folder: join(fixture.folder, 'other'),
        keysFolder: join(fixture.folder, 'none'),
        clock,
        log: silentLog,
      };
      expect(await refusalCode(() => openCatalog(empty))).toBe('not-initialised');
      expect(await refusalCode(() => openCatalog({ ...empty, importFrom: fixture.folder }))).toBe('not-initialised');
    });

    it('keeps its keys to itself, whatever the mode of the folder they came from', async () => {
      const other = await openCatalogFixture({ clock });
      try {
        for (const name of await readdir(join(other.keys, 'server'))) {
          if (name.endsWith('.key')) await chmod(join(other.keys, 'server', name), 0o644);
        }
        await rm(join(other.data), { recursive: true });
        await other.reopen();
        expect((await stat(join(other.data, 'keys/director.key'))).mode & 0o777).toBe(0o600);
      } finally {
        await other.remove();
      }
    });

    it('begins again after a crash in the middle of it', async () => {
      await fixture.catalog.close();
      await rm(join(fixture.metadata, 'timestamp.json'));
      await writeFile(join(fixture.metadata, '1.targets.json'), 'torn');
      expect((await fixture.reopen()).releases()).toEqual([]);
    });
  });

  it('refuses a data folder that belongs to another key set', async () => {
    await initDevelopmentKeys(join(fixture.folder, 'others'), ['digits'], Date.now());
    const options = {
      folder: join(fixture.data, 'repository'),
      keysFolder: join(fixture.data, 'keys'),
      clock,
      log: silentLog,
    };
    expect(
      await refusalCode(() => openCatalog({ ...options, importFrom: join(fixture.folder, 'others/server') })),
    ).toBe('other-root');
  });

  it('lists what roles list, says so to who listens, and still does after a restart', async () => {
    const heard: number[] = [];
    const stop = fixture.catalog.onChange(() => heard.push(fixture.catalog.releases().length));
    const [older, newer] = [blobRelease('1.9.0'), blobRelease('1.10.0')];
    await upload(older);
    await upload(newer);
    await publish('staging', 2, { '1.9.0': older.target, '1.10.0': newer.target });
    await publish('production', 2, { '1.9.0': older.target });
    stop();
    await publish('staging', 3, {
      '1.9.0': older.target,
      '1.10.0': { ...newer.target, custom: { withdrawn: 'too late' } },
    });
    expect(heard).toEqual([2, 2]);
    for (const catalog of [fixture.catalog, await fixture.reopen()]) {
      expect(catalog.releases().map((r) => [r.version, r.staging, r.production, r.withdrawn])).toEqual([
        ['1.10.0', true, false, 'too late'],
        ['1.9.0', true, true, null],
      ]);
      expect(catalog.find('digits', '1.9.0')).toMatchObject({
        manifest: older.target.hashes.sha256,
        manifestDocument: older.manifest,
        bytes: Object.values(older.manifest.files).reduce((sum, file) => sum + file.bytes, 0),
      });
      expect(catalog.find('digits', '2.0.0')).toBeUndefined();
    }
  });

  describe('after a crash in the middle of publishing', () => {
    /** What a publication has written when it is cut off before the timestamp: each of the files before it. */
    const crashed = async (files: readonly string[]) => {
      const release = blobRelease('1.0.0');
      await upload(release);
      const before = join(fixture.folder, 'before');
      await cp(fixture.metadata, before, { recursive: true });
      await publish('staging', 2, { '1.0.0': release.target });
      await fixture.catalog.close();
      const after = join(fixture.folder, 'after');
      await cp(fixture.metadata, after, { recursive: true });
      await rm(fixture.metadata, { recursive: true });
      await cp(before, fixture.metadata, { recursive: true });
      for (const file of files) await cp(join(after, file), join(fixture.metadata, file));
      return release;
    };

    it.each([
      [['2.staging-digits.json']],
      [['2.staging-digits.json', '2.snapshot.json']],
      [['.2.snapshot.json.torn', '2.staging-digits.json']],
    ])('with %j written, shows the old repository, and takes the publication again', async (files) => {
      const release = await crashed(files.filter((file) => !file.startsWith('.')));
      for (const file of files.filter((name) => name.startsWith('.')))
        await writeFile(join(fixture.metadata, file), 'torn');
      expect((await fixture.reopen()).releases()).toEqual([]);
      await publish('staging', 2, { '1.0.0': release.target });
      expect((await fixture.reopen()).releases()).toHaveLength(1);
    });
  });

  describe('refuses to start', () => {
    const spoil = async (file: string, change: (text: string) => string) => {
      await fixture.catalog.close();
      const path = join(fixture.metadata, file);
      await writeFile(path, change(await readFile(path, 'utf8')));
      return refusalCode(() => fixture.reopen());
    };

    it('on a timestamp that its key did not sign', async () => {
      expect(await spoil('timestamp.json', (text) => text.replace('"version":1', '"version":2'))).toBe(
        'repository-corrupt',
      );
    });

    it('on a role that is not the one the snapshot lists', async () => {
      expect(await spoil('1.staging-digits.json', (text) => `${text} `)).toBe('repository-corrupt');
    });

    it('on a torn root', async () => {
      expect(await spoil('1.root.json', (text) => text.slice(0, 100))).toBe('other-root');
    });

    it('on a damaged online.json', async () => {
      await fixture.catalog.close();
      const blobs = join(fixture.data, 'repository/blobs/sha256');
      const [name = ''] = (await readdir(blobs)).filter((file) => !file.startsWith('.'));
      await writeFile(join(blobs, name), '{}');
      expect(await refusalCode(() => fixture.reopen())).toBe('repository-corrupt');
    });
  });

  /** Puts a role's file into the repository as somebody can who has the server's keys; `others` are the roles beside it, as they stand. */
  const plant = async (
    planted: { readonly role: string; readonly version: number; readonly bytes: Uint8Array },
    others: Readonly<Record<string, number>>,
  ) => {
    const version = 9;
    await writeFile(join(fixture.metadata, `${planted.version}.${planted.role}.json`), planted.bytes);
    const files = new Map([[planted.role, { version: planted.version, bytes: planted.bytes }]]);
    for (const [role, at] of Object.entries(others)) {
      files.set(role, { version: at, bytes: await readFile(join(fixture.metadata, `${at}.${role}.json`)) });
    }
    const key = async (use: string) => {
      const { public: publicKey, seed } = await readKeyFile(join(fixture.keys, 'server', `${use}.key`));
      return { key: { publicKey, seed }, nowMs: clock.now().wallMs };
    };
    const snapshot = signSnapshot(version, files, await key('snapshot'));
    await writeFile(join(fixture.metadata, `${version}.snapshot.json`), snapshot);
    const timestamp = signTimestamp(version, { version, bytes: snapshot }, await key('timestamp'));
    await writeFile(join(fixture.metadata, 'timestamp.json'), timestamp);
  };

  it('takes no half-truth about a release: a family with a forged production role offers nothing', async () => {
    const release = blobRelease('1.0.0');
    await upload(release);
    await publish('staging', 2, { '1.0.0': release.target });
    await publish('production', 2, { '1.0.0': release.target });
    expect(fixture.catalog.find('digits', '1.0.0')).toMatchObject({ production: true });
    const bytes = await signRole(fixture.keys, roleOf('production', 3, { '1.0.0': release.target }), 'staging');
    await plant({ role: 'production-digits', version: 3, bytes }, { targets: 1, 'staging-digits': 2 });
    // Not "staged, but not approved": that would take it out of the orders of the devices that serve it.
    expect((await fixture.reopen()).find('digits', '1.0.0')).toBeUndefined();
  });

  it('starts beside a role that its own key did not sign, and offers nothing of it', async () => {
    const release = blobRelease('1.0.0');
    await upload(release);
    const bytes = await signRole(fixture.keys, roleOf('staging', 2, { '1.0.0': release.target }), 'production');
    await plant({ role: 'staging-digits', version: 2, bytes }, { targets: 1, 'production-digits': 1 });

    const reopened = await fixture.reopen();
    expect(reopened.releases()).toEqual([]);
    const next = await signRole(fixture.keys, roleOf('staging', 3, {}));
    expect(await refusalCode(() => reopened.publishRole('staging-digits', next))).toBe('role-unsound');
  });

  it('leaves a release out whose manifest was lost, and goes on with the others', async () => {
    const [one, two] = [blobRelease('1.0.0'), blobRelease('2.0.0')];
    await upload(one);
    await upload(two);
    await publish('staging', 2, { '1.0.0': one.target, '2.0.0': two.target });
    await rm(join(fixture.data, 'repository/blobs/sha256', one.target.hashes.sha256));
    expect((await fixture.reopen()).releases().map((release) => release.version)).toEqual(['2.0.0']);
  });
});

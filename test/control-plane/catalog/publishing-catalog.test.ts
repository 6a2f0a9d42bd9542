import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeTimestampFile } from '@bellwether/control-plane/catalog/role-file';
import { sha256 } from '@bellwether/shared/signing/digest';
import { type CatalogFixture, openCatalogFixture } from '../../support/catalog-server.js';
import { ManualClock } from '../../support/manual-clock.js';
import { refusalCode } from '../../support/refusal-code.js';
import { type BlobRelease, blobRelease, roleOf, signRole, streamOf } from '../../support/signed-roles.js';

const hour = 60 * 60 * 1000;

describe('the catalogue at work', () => {
  let clock = new ManualClock();
  let fixture: CatalogFixture;
  beforeEach(async () => {
    clock = new ManualClock(Date.now());
    fixture = await openCatalogFixture({ clock });
  });
  afterEach(() => fixture.remove());

  const upload = (release: BlobRelease) => fixture.upload(release);
  const publish = (...role: Parameters<CatalogFixture['publish']>) => fixture.publish(...role);
  const timestamp = async () => decodeTimestampFile(await readFile(join(fixture.metadata, 'timestamp.json'))).signed;

  it('answers a role that stands already as it did the first time', async () => {
    const release = blobRelease('1.0.0');
    await upload(release);
    const bytes = await signRole(fixture.keys, roleOf('staging', 2, { '1.0.0': release.target }));
    expect(await fixture.catalog.publishRole('staging-digits', bytes)).toEqual({ version: 2 });
    expect(await fixture.catalog.publishRole('staging-digits', bytes)).toEqual({ version: 2 });
    expect((await timestamp()).version).toBe(2);
  });

  it('takes one of two roles that were made from the same base', async () => {
    const [one, two] = [blobRelease('1.0.0'), blobRelease('2.0.0')];
    await upload(one);
    await upload(two);
    const outcomes = await Promise.all([
      refusalCode(() => publish('staging', 2, { '1.0.0': one.target })),
      refusalCode(() => publish('staging', 2, { '2.0.0': two.target })),
    ]);
    expect(new Set(outcomes)).toEqual(new Set(['passed', 'role-changed']));
    expect((await fixture.reopen()).releases()).toHaveLength(1);
  });

  describe('refuses a role', () => {
    const release = blobRelease('1.0.0');
    const offer = async (bytes: Uint8Array, name = 'staging-digits') => {
      const code = await refusalCode(() => fixture.catalog.publishRole(name, bytes));
      expect((await timestamp()).version).toBe(1);
      expect(await readdir(fixture.metadata)).not.toContain('2.staging-digits.json');
      return code;
    };
    const signed = (...args: Parameters<typeof roleOf>) => signRole(fixture.keys, roleOf(...args));

    it('that nobody delegated', async () => {
      const bytes = await signed('staging', 2, {});
      for (const name of ['staging-faces', 'targets', 'staging-', 'staging-digits-large']) {
        expect(await offer(bytes, name)).toBe('role-unknown');
      }
    });

    it('that is no role, has a key twice, an unsigned field or delegations', async () => {
      const text = Buffer.from(await signed('staging', 2, {})).toString();
      expect(await offer(Buffer.from('nonsense'))).toBe('role-malformed');
      expect(await offer(Buffer.from(text.replace('"version":2', '"version":1,"version":2')))).toBe('role-malformed');
      expect(await offer(Buffer.from(text.replace('{', '{"unsigned":true,')))).toBe('role-malformed');
      const delegating = { ...roleOf('staging', 2, {}), delegations: { keys: {}, roles: [] } } as never;
      expect(await offer(await signRole(fixture.keys, delegating))).toBe('role-malformed');
      expect(await offer(Buffer.alloc(1024 * 1024 + 1, ' '))).toBe('role-malformed');
    });

    it('that the other stage’s key signed', async () => {
      expect(await offer(await signRole(fixture.keys, roleOf('staging', 2, {}), 'production'))).toBe('role-signature');
    });

    it('that was changed after it was signed', async () => {
      const text = Buffer.from(await signed('staging', 2, {})).toString();
      expect(await offer(Buffer.from(text.replace('"version":2', '"version":3')))).toBe('role-signature');
    });

    it('whose manifest was not uploaded', async () => {
      expect(await offer(await signed('staging', 2, { '1.0.0': release.target }))).toBe('manifest-missing');
    });

    it('whose manifest has another length than the signed one', async () => {
      await upload(release);
      const target = { ...release.target, length: release.target.length + 1 };
      expect(await offer(await signed('staging', 2, { '1.0.0': target }))).toBe('manifest-size');
    });

    it('whose manifest is larger than anybody reads', async () => {
      const target = { ...release.target, length: 256 * 1024 + 1 };
      expect(await offer(await signed('staging', 2, { '1.0.0': target }))).toBe('manifest-size');
    });

    it('whose manifest is not one', async () => {
      const bytes = Buffer.from('{"schema":"bellwether.manifest.v1"}');
      await fixture.catalog.storeBlob(sha256(bytes), streamOf(bytes));
      const target = { length: bytes.byteLength, hashes: { sha256: sha256(bytes) } };
      expect(await offer(await signed('staging', 2, { '1.0.0': target }))).toBe('manifest-schema');
    });

    it('whose manifest is another release’s', async () => {
      await upload(release);
      expect(await offer(await signed('staging', 2, { '1.0.1': release.target }))).toBe('manifest-identity');
    });

    it('whose manifest was damaged on the server’s disk', async () => {
      await upload(release);
      const path = join(fixture.data, 'repository/blobs/sha256', release.target.hashes.sha256);
      await writeFile(path, Buffer.alloc(release.target.length, ' '));
      expect(await offer(await signed('staging', 2, { '1.0.0': release.target }))).toBe('blob-digest');
    });

    it('with a file that was not uploaded', async () => {
      await upload(release);
      await rm(join(fixture.data, 'repository/blobs/sha256', release.manifest.files['model.onnx']?.sha256 ?? ''));
      expect(await offer(await signed('staging', 2, { '1.0.0': release.target }))).toBe('file-missing');
    });

    it('with a file of another size than its manifest says', async () => {
      const { files } = release.manifest;
      const lying = blobRelease('1.0.0', {
        files: { ...files, 'model.onnx': { ...files['model.onnx'], bytes: 1 } as never },
      });
      await upload(lying);
      expect(await offer(await signed('staging', 2, { '1.0.0': lying.target }))).toBe('blob-size');
    });

    it('with a file that was damaged on the server’s disk', async () => {
      await upload(release);
      const file = release.manifest.files['model.onnx'] ?? { bytes: 0, sha256: '' };
      await writeFile(join(fixture.data, 'repository/blobs/sha256', file.sha256), Buffer.alloc(file.bytes));
      expect(await offer(await signed('staging', 2, { '1.0.0': release.target }))).toBe('blob-digest');
    });
  });

  describe('signs anew', () => {
    it('the timestamp at half of its day', async () => {
      const first = await timestamp();
      await clock.advance(12 * hour);
      await fixture.catalog.close();
      const second = await timestamp();
      expect([first.version, second.version]).toEqual([1, 2]);
      expect(second.meta['snapshot.json'].version).toBe(1);
      expect(Date.parse(second.expires) - Date.parse(first.expires)).toBe(12 * hour);
    });

    it('the snapshot at half of its week', async () => {
      await fixture.catalog.close();
      clock.setWall(clock.now().wallMs + 3.5 * 24 * hour);
      await fixture.reopen();
      const { version, meta } = await timestamp();
      expect([version, meta['snapshot.json'].version]).toEqual([2, 2]);
    });

    it('at the start, what ran out while it was off', async () => {
      await fixture.catalog.close();
      clock.setWall(clock.now().wallMs + 30 * 24 * hour);
      await fixture.reopen();
      const { expires, meta } = await timestamp();
      expect(Date.parse(expires)).toBeGreaterThan(clock.now().wallMs);
      expect(meta['snapshot.json'].version).toBe(2);
    });

    it('within the hour after the wall clock has jumped', async () => {
      clock.setWall(clock.now().wallMs + 30 * 24 * hour);
      await clock.advance(hour);
      await fixture.catalog.close();
      expect(Date.parse((await timestamp()).expires)).toBeGreaterThan(clock.now().wallMs);
    });
  });
});

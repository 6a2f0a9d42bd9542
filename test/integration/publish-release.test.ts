import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Updater } from 'tuf-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { approveRelease } from '@bellwether/control-plane/publisher/approve';
import { publishRelease, type TransferProgress } from '@bellwether/control-plane/publisher/publish';
import { PublisherError } from '@bellwether/control-plane/publisher/publisher-error';
import { readRelease } from '@bellwether/control-plane/publisher/release-source-disk';
import { ServerConnection } from '@bellwether/control-plane/publisher/server-http';
import { codeOf } from '@bellwether/shared/errors';
import { type CatalogServer, operatorToken, startCatalogServer } from '../support/catalog-server.js';
import { openSigner } from '../support/release-signers.js';

const examples = fileURLToPath(new URL('../../../examples/digits/', import.meta.url));
const id = { model: 'digits', version: '1.0.0' };

describe('a release that is published and approved', () => {
  let server: CatalogServer;
  beforeEach(async () => {
    server = await startCatalogServer();
  });
  afterEach(() => server.remove());

  const signer = (use: 'publisher' | 'approver', machine?: string) => openSigner(server, use, machine);
  const publish = async (version = '1.0.0', machine = 'laptop', folder = examples) =>
    publishRelease(await readRelease(join(folder, version)), await signer('publisher', machine), () => {});
  const approve = async (release = id) => approveRelease(release, await signer('approver'), () => {});
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => 'accepted',
      (error: unknown) => codeOf(error),
    );
  /** A release folder with another version, and so another manifest over the same files. */
  const renamed = async (version: string) => {
    const folder = join(server.folder, 'releases');
    await cp(join(examples, '1.0.0'), join(folder, version), { recursive: true });
    const path = join(folder, version, 'release.yaml');
    await writeFile(path, (await readFile(path, 'utf8')).replace('version: 1.0.0', `version: ${version}`));
    return folder;
  };
  const blobPath = (digest: string) => join(server.data, 'repository/blobs/sha256', digest);

  it('is accepted by a TUF client that knows nothing but the root', async () => {
    const { manifest } = await publish();
    await approve();
    const folder = join(server.folder, 'device');
    await mkdir(folder);
    await cp(join(server.keys, 'root.json'), join(folder, 'root.json'));
    const updater = new Updater({ metadataDir: folder, metadataBaseUrl: `${server.url}/repository/metadata` });
    await updater.refresh();
    const headers = { authorization: `Bearer ${operatorToken}` };
    for (const stage of ['staging', 'production']) {
      const target = await updater.getTargetInfo(`${stage}/digits/1.0.0/manifest.json`);
      expect(target?.hashes).toEqual({ sha256: manifest });
      const bytes = Buffer.from(
        await (await fetch(`${server.url}/blobs/sha256/${manifest}`, { headers })).arrayBuffer(),
      );
      await target?.verify(Readable.from([bytes]));
    }
    const onlineKeys = await updater.getTargetInfo('keys/online.json');
    const reply = await fetch(`${server.url}/blobs/sha256/${onlineKeys?.hashes['sha256']}`);
    await onlineKeys?.verify(Readable.from([Buffer.from(await reply.arrayBuffer())]));
    expect(await updater.getTargetInfo('staging/digits/9.9.9/manifest.json')).toBeUndefined();
  });

  it('is on the server with every file, and listed in both stages', async () => {
    await publish();
    expect(server.catalog.find('digits', '1.0.0')).toMatchObject({ staging: true, production: false });
    await approve();
    const release = server.catalog.find('digits', '1.0.0');
    expect(release).toMatchObject({ staging: true, production: true });
    for (const { bytes, sha256 } of Object.values(release?.manifestDocument.files ?? {})) {
      const content = await readFile(blobPath(sha256));
      expect([content.byteLength, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256]);
    }
  });

  it('moves only the files that the server lacks, and says how far it is', async () => {
    const seen: TransferProgress[] = [];
    const release = await readRelease(join(examples, '1.0.0'));
    const first = await publishRelease(release, await signer('publisher'), (progress) => seen.push(progress));
    const total = release.files.reduce((sum, file) => sum + file.bytes, release.manifest.bytes.byteLength);
    expect([first.uploadedBytes, first.skippedBytes]).toEqual([total, 0]);
    const ended = seen.filter(({ state }) => state === 'done');
    expect(ended.map(({ file }) => file)).toEqual([...release.files.map((file) => file.name), 'manifest.json']);
    expect(seen.every(({ doneBytes, totalBytes }) => doneBytes <= totalBytes)).toBe(true);
    const again = await publish('9.0.0', 'laptop', await renamed('9.0.0'));
    expect(again.skippedBytes).toBe(total - release.manifest.bytes.byteLength);
  });

  it('is signed once, however often it is published and approved', async () => {
    await publish();
    await approve();
    expect((await publish()).change).toMatchObject({ version: 2, isNew: false });
    expect((await approve()).change).toMatchObject({ version: 2, isNew: false });
  });

  it('comes beside what others publish at the same time', async () => {
    const versions = ['2.0.0', '2.0.1', '2.0.2', '2.0.3'];
    await Promise.all(versions.map(async (version) => publish(version, `machine-${version}`, await renamed(version))));
    expect(server.catalog.releases().map((release) => release.version)).toEqual(versions.toReversed());
    expect(
      (await readdir(join(server.data, 'repository/metadata'))).filter((name) => name.endsWith('staging-digits.json')),
    ).toHaveLength(5);
  });

  describe('is not signed', () => {
    it('by a key of the other use', async () => {
      const release = await readRelease(join(examples, '1.0.0'));
      expect(await refusal(publishRelease(release, await signer('approver'), () => {}))).toBe('key-use');
      await publish();
      expect(await refusal(approveRelease(id, await signer('publisher'), () => {}))).toBe('key-use');
    });

    it('by a key that the repository does not name, before anything is uploaded', async () => {
      const { key, ...rest } = await signer('publisher');
      const foreign = { ...key, public: 'a'.repeat(64) };
      const release = await readRelease(join(examples, '1.0.0'));
      expect(await refusal(publishRelease(release, { ...rest, key: foreign }, () => {}))).toBe('key-not-delegated');
      expect(await rest.server.hasBlob(release.manifest.sha256)).toBe(false);
    });

    it('when its version stands for other bytes already', async () => {
      await publish();
      const folder = await renamed('1.0.0-draft');
      const path = join(folder, '1.0.0-draft/release.yaml');
      await writeFile(
        path,
        (await readFile(path, 'utf8')).replace('1.0.0-draft', '1.0.0').replace('p99Ms: 25', 'p99Ms: 26'),
      );
      expect(await refusal(publish('1.0.0-draft', 'laptop', folder))).toBe('release-changed');
    });

    it('for production before it is staged', async () => {
      expect(await refusal(approve())).toBe('not-staged');
    });

    it('for production when the server’s manifest is not the staged one', async () => {
      const { manifest } = await publish();
      await writeFile(blobPath(manifest), 'something else');
      expect(await refusal(approve())).toBe('manifest-digest');
    });

    it('for production when one bit of one file has changed on the server', async () => {
      await publish();
      const digest = server.catalog.find('digits', '1.0.0')?.manifestDocument.files['model.onnx']?.sha256 ?? '';
      const bytes = await readFile(blobPath(digest));
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      await writeFile(blobPath(digest), bytes);
      const error = await approve().catch((thrown: unknown) => thrown);
      // The approver's own verdict, not the server's.
      expect(error).toBeInstanceOf(PublisherError);
      expect(codeOf(error)).toBe('blob-digest');
    });

    it('for production when the server has lost a file', async () => {
      await publish();
      const digest = server.catalog.find('digits', '1.0.0')?.manifestDocument.files['model.onnx']?.sha256 ?? '';
      await rm(blobPath(digest));
      expect(await refusal(approve())).toBe('not-found');
    });
  });

  it('needs the operator’s token to be uploaded', async () => {
    const { server: _, ...rest } = await signer('publisher');
    const release = await readRelease(join(examples, '1.0.0'));
    const stranger = new ServerConnection(server.url, 'another-token');
    expect(await refusal(publishRelease(release, { ...rest, server: stranger }, () => {}))).toBe(
      'operator-token-invalid',
    );
  });

  it('is told by the server that a blob is too large, however much of it is still to come', async () => {
    const { server: connection } = await signer('publisher');
    const bytes = 80 * 1024 ** 2;
    const content = Readable.from(
      (function* () {
        for (let sent = 0; sent < bytes; sent += 64 * 1024) yield Buffer.alloc(64 * 1024);
      })(),
    );
    expect(await refusal(connection.putBlob('0'.repeat(64), bytes, content))).toBe('blob-too-large');
  });

  it('is told by the server itself that a blob is bad', async () => {
    const { server: connection } = await signer('publisher');
    const bytes = Buffer.from('one thing');
    const digest = createHash('sha256').update('another thing').digest('hex');
    expect(await refusal(connection.putBlob(digest, bytes.byteLength, Readable.from([bytes])))).toBe('blob-digest');
    expect(await connection.hasBlob(digest)).toBe(false);
  });
});

import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initDevelopmentKeys } from '@bellwether/control-plane/publisher/key-set-disk';
import { openTrustedRepository } from '@bellwether/control-plane/publisher/trusted-repository-tuf';
import { codeOf } from '@bellwether/shared/errors';
import { type CatalogServer, startCatalogServer } from '../../support/catalog-server.js';
import { blobRelease, roleOf, signRole, stageKey, streamOf } from '../../support/signed-roles.js';

describe('the repository as a publisher believes it', () => {
  let server: CatalogServer;
  beforeEach(async () => {
    server = await startCatalogServer();
  });
  afterEach(() => server.remove());

  const trustedFile = () => join(server.folder, 'publisher.trusted.json');
  const metadata = () => join(server.data, 'repository/metadata');
  const roles = async (family = 'digits', serverUrl = server.url, keys = server.keys) =>
    openTrustedRepository({
      serverUrl,
      root: await readFile(join(keys, 'root.json')),
      trustedFile: trustedFile(),
    }).roles(family);
  const refusal = (...args: Parameters<typeof roles>) =>
    roles(...args).then(
      () => 'believed',
      (error: unknown) => codeOf(error),
    );
  const publish = async (version: number, releases: Readonly<Record<string, ReturnType<typeof blobRelease>>>) => {
    for (const { blobs } of Object.values(releases)) {
      for (const [digest, bytes] of blobs) await server.catalog.storeBlob(digest, streamOf(bytes));
    }
    const targets = Object.fromEntries(Object.entries(releases).map(([name, { target }]) => [name, target]));
    await server.catalog.publishRole(
      'staging-digits',
      await signRole(server.keys, roleOf('staging', version, targets)),
    );
  };

  it('is the newest, with the keys that may sign it', async () => {
    const first = await roles();
    expect([first.staging.file.signed.version, first.production.file.signed.version]).toEqual([1, 1]);
    expect(first.staging.publicKeys).toEqual([(await stageKey(server.keys, 'staging')).publicKey]);
    await publish(2, { '1.0.0': blobRelease('1.0.0') });
    expect(Object.keys((await roles()).staging.file.signed.targets)).toEqual(['staging/digits/1.0.0/manifest.json']);
  });

  it('is never older than what was seen before', async () => {
    const old = join(server.folder, 'old');
    await cp(metadata(), old, { recursive: true });
    await publish(2, { '1.0.0': blobRelease('1.0.0') });
    await roles();
    await cp(old, metadata(), { recursive: true }); // timestamp.json is the old one again
    expect(await refusal()).toBe('metadata-refused');
    await rm(trustedFile());
    expect(await refusal()).toBe('believed'); // it was the floors that noticed
  });

  it('is not what somebody without the role’s key has put there', async () => {
    await publish(2, { '1.0.0': blobRelease('1.0.0') });
    const path = join(metadata(), '2.staging-digits.json');
    await writeFile(path, await signRole(server.keys, roleOf('staging', 2, {}), 'production'));
    expect(await refusal()).toBe('metadata-refused');
    await expect(readFile(trustedFile())).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not what hangs on another root', async () => {
    await initDevelopmentKeys(join(server.folder, 'others'), ['digits'], Date.now());
    expect(await refusal('digits', server.url, join(server.folder, 'others'))).toBe('metadata-refused');
    await roles();
    expect(await refusal('digits', server.url, join(server.folder, 'others'))).toBe('other-root');
  });

  it('is not begun anew when the file that holds the floors is damaged', async () => {
    await roles();
    const text = await readFile(trustedFile(), 'utf8');
    await writeFile(trustedFile(), text.slice(0, -10));
    expect(await refusal()).toBe('floors-damaged');
  });

  it('has only the families that targets delegates', async () => {
    expect(await refusal('faces')).toBe('not-delegated');
  });

  it('cannot be had from a server that is not there', async () => {
    expect(await refusal('digits', 'http://127.0.0.1:1')).toBe('network');
  });
});

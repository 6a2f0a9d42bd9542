import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '@bellwether/control-plane/main';
import { initDevelopmentKeys } from '@bellwether/control-plane/publisher/key-set-disk';
import { runServer } from '../support/server-process.js';
import { canMount, mountSmallDisk } from '../support/small-disk.js';

/** A data folder that a server has made and left, copied for each test. */
let origin: string;
let folder: string;
let data: string;

beforeAll(async () => {
  origin = await mkdtemp(join(tmpdir(), 'bellwether-origin-'));
  await initDevelopmentKeys(join(origin, 'keys'), ['digits'], Date.now());
  const ports = { httpPort: 0, mqttPort: 0 };
  const server = await serve({
    data: join(origin, 'data'),
    keys: join(origin, 'keys', 'server'),
    logLevel: 'error',
    ...ports,
  });
  await server.stop();
});
afterAll(() => rm(origin, { recursive: true, force: true }));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-start-'));
  data = join(folder, 'data');
  await cp(origin, folder, { recursive: true });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function listenAnywhere(): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

describe('a server that cannot start exits with 1, its code and what to do, and leaves everything as it is', () => {
  it.each([
    ['data-corrupt', 'bellwether.sqlite', 'a damaged database'],
    ['data-corrupt', 'operator.token', 'operator.token'],
    ['data-corrupt', 'keys/director.key', 'director.key'],
    ['data-corrupt', 'keys/issuer.key', 'issuer.key'],
    ['data-corrupt', 'keys/snapshot.key', 'snapshot.key'],
    ['repository-corrupt', 'repository/metadata/timestamp.json', 'timestamp is not UTF-8'],
    ['repository-corrupt', 'repository/metadata/1.root.json', 'root is not UTF-8'],
  ])('%s: %s is damaged', async (code, name, words) => {
    const path = join(data, name);
    const damaged = randomBytes(4096);
    await writeFile(path, damaged);
    const { exitCode, stderr } = await runServer(data);
    expect(stderr).toContain(`(${code})`);
    expect(stderr).toContain(data);
    expect(stderr).toContain(words);
    expect(exitCode).toBe(1);
    expect((await readFile(path)).equals(damaged)).toBe(true);
  });

  it('port-occupied: the broker’s port is taken', async () => {
    const other = await listenAnywhere();
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { exitCode, stderr } = await runServer(data, ['--mqtt-port', String(port)]);
    other.close();
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('(port-occupied)')]);
    expect(stderr).toContain(String(port));
    expect(stderr).toContain('--mqtt-port');
  });

  it.skipIf(!canMount)('data-full: the data folder is on a full disk', async () => {
    const disk = mountSmallDisk(join(folder, 'small'), 64);
    try {
      await writeFile(join(disk.folder, 'ballast'), randomBytes(64 * 1024)).catch(() => {});
      const { exitCode, stderr } = await runServer(disk.folder, ['--keys', join(folder, 'keys', 'server')]);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('(data-full)')]);
      expect(stderr).toContain(disk.folder);
    } finally {
      disk.remove();
    }
  });

  it.skipIf(!canMount)('data-read-only: the data folder is on a read-only disk', async () => {
    const disk = mountSmallDisk(join(folder, 'small'), 20_000);
    try {
      await cp(data, disk.folder, { recursive: true });
      disk.makeReadOnly();
      const { exitCode, stderr } = await runServer(disk.folder);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('(data-read-only)')]);
    } finally {
      disk.remove();
    }
  });
});

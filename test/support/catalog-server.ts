import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify from 'fastify';
import { type OpenedCatalog, openCatalog } from '@bellwether/control-plane/catalog/catalog-disk';
import { catalogRoutes } from '@bellwether/control-plane/catalog/catalog-routes';
import { DownloadGate } from '@bellwether/control-plane/catalog/download-gate';
import { FleetError } from '@bellwether/control-plane/fleet/fleet-error';
import { replyWithProblems } from '@bellwether/control-plane/http/error-reply';
import { guardRoutes } from '@bellwether/control-plane/http/route-guard';
import { bearerKinds } from '@bellwether/control-plane/operators/operator';
import { initDevelopmentKeys } from '@bellwether/control-plane/publisher/key-set-disk';
import { type Clock, systemClock } from '@bellwether/shared/clock';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { silentLog } from '@bellwether/shared/log';
import { gateOf } from './operator-gate.js';
import { RecordedAudit } from './recorded-audit.js';
import { type BlobRelease, roleOf, signRole, streamOf } from './signed-roles.js';

/** A key set and a data folder in a temporary folder, and the catalogue open on them. */
export interface CatalogFixture {
  readonly folder: string;
  /** What `keys init` made. */
  readonly keys: string;
  readonly data: string;
  readonly catalog: OpenedCatalog;
  /** The folder of the metadata. */
  readonly metadata: string;
  /** Stores the blobs of a release. */
  upload(release: BlobRelease): Promise<void>;
  /** Signs and publishes a role of the family `digits`. */
  publish(...role: Parameters<typeof roleOf>): ReturnType<OpenedCatalog['publishRole']>;
  /** Closes the catalogue and opens it again, as a restart does. */
  reopen(): Promise<OpenedCatalog>;
  remove(): Promise<void>;
}

interface CatalogFixtureOptions {
  readonly clock?: Clock;
  readonly disk?: DiskFiles;
  readonly cdnUrl?: string;
  readonly maxBlobBytes?: number;
}

/** Makes keys for the family `digits` and opens the catalogue. */
export async function openCatalogFixture({
  clock = systemClock,
  maxBlobBytes = 64 * 1024 ** 2,
  disk = nodeFiles,
}: CatalogFixtureOptions = {}): Promise<CatalogFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-catalog-'));
  const keys = join(folder, 'keys');
  const data = join(folder, 'data');
  await initDevelopmentKeys(keys, ['digits'], clock.now().wallMs);
  const open = () =>
    openCatalog({
      folder: join(data, 'repository'),
      keysFolder: join(data, 'keys'),
      importFrom: join(keys, 'server'),
      maxBlobBytes,
      clock,
      log: silentLog,
      disk,
    });
  let current = await open();
  return {
    folder,
    keys,
    data,
    get catalog() {
      return current;
    },
    metadata: join(data, 'repository/metadata'),
    upload: async (release) => {
      for (const [digest, bytes] of release.blobs) await current.storeBlob(digest, streamOf(bytes));
    },
    publish: async (...role) => current.publishRole(`${role[0]}-digits`, await signRole(keys, roleOf(...role))),
    reopen: async () => {
      await current.close();
      current = await open();
      return current;
    },
    remove: async () => {
      await current.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** The operator's token of servers in tests. */
export const operatorToken = 'operator-token-of-tests';

/** What a device's session token is in these tests, and the secret of signed URLs. */
export const deviceToken = 'a.device.token';
export const urlSecret = 'secret-of-signed-urls-in-tests-0123456789';

/** A catalogue behind its routes on a real port. */
export interface CatalogServer extends CatalogFixture {
  readonly url: string;
}

/** Serves a catalogue fixture over HTTP, with nothing else of the server around it. */
export async function startCatalogServer(options: CatalogFixtureOptions = {}): Promise<CatalogServer> {
  const fixture = await openCatalogFixture(options);
  const app = fastify({ bodyLimit: 64 * 1024, forceCloseConnections: true });
  replyWithProblems(app, silentLog);
  const operators = gateOf(operatorToken);
  guardRoutes(app, operators);
  const gate = new DownloadGate({
    clock: options.clock ?? systemClock,
    urlSecret,
    cdnUrl: options.cdnUrl,
    isPublic: (sha256) => fixture.catalog.isMetadataBlob(sha256),
    admitOperator: (token) => void operators.callerOf(token, bearerKinds),
    admitDevice: async (token) => {
      if (token !== deviceToken) throw new FleetError('session-invalid', 'no such session');
    },
  });
  await app.register(catalogRoutes, { store: fixture.catalog, gate, audit: new RecordedAudit() });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    ...fixture,
    url,
    remove: async () => {
      await app.close();
      await fixture.remove();
    },
  };
}

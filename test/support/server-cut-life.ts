import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type OpenedCatalog, openCatalog } from '@bellwether/control-plane/catalog/catalog-disk';
import { serverUses } from '@bellwether/control-plane/publisher/first-metadata';
import { renewed } from '@bellwether/control-plane/publisher/key-edit';
import { signTargets } from '@bellwether/control-plane/publisher/metadata-signing';
import type { TrustedFilesOfAll } from '@bellwether/control-plane/publisher/trusted-repository';
import { openTrustedRepository } from '@bellwether/control-plane/publisher/trusted-repository-tuf';
import { publicKeysFor } from '@bellwether/shared/contract/online-keys';
import { codeOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { silentLog } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import { writeKeyFile } from '@bellwether/shared/signing/key-file';
import { firstTrust } from './first-trust.js';
import { ManualClock } from './manual-clock.js';
import type { CutKind, DiskEvent } from './power-cut-disk.js';
import { laySurvivors, PowerCutFiles } from './power-cut-files.js';
import { ServerCutPeople, type SignedVersions } from './server-cut-people.js';
import { blobRelease, streamOf } from './signed-roles.js';

/** What was confirmed to somebody, and from which change of the disk on it must survive every cut. */
interface Confirmed {
  readonly since: number;
  readonly versions: SignedVersions;
  /** The floors of a device that refreshed now: a file of openTrustedRepository. */
  readonly floors: string;
  /** The successor of the director key that was named to the holders of targets. */
  readonly successor?: string;
}

/** What a cut left, as a fresh server and the devices find it. Empty `broken`: all of it is whole. */
export interface AfterServerCut {
  readonly cut: number;
  readonly kind: CutKind;
  readonly after: string;
  readonly broken: readonly string[];
}

/**
 * A server from its first start over publications, an approval, a revoked publisher, two changes of the director key, one
 * of the root and its own signings, every change of its disk on record; afterwards the power can be cut after each of them.
 */
export class ServerCutLife {
  readonly files: PowerCutFiles;
  readonly #folder: string;
  readonly #trust = firstTrust(Date.now());
  readonly #people = new ServerCutPeople(this.#trust);
  readonly #confirmed: Confirmed[] = [];
  /** Each timestamp.json that could be fetched while it was not yet there for good. */
  readonly #seen: { readonly cut: number; readonly bytes: Uint8Array }[] = [];
  readonly #web: Server;
  #current: OpenedCatalog | undefined;

  private constructor(folder: string, lost?: DiskEvent['type']) {
    this.#folder = folder;
    this.files = new PowerCutFiles(join(folder, 'data'), lost);
    this.#web = createServer((request, response) => {
      void this.#current?.metadataFile(basename(request.url ?? '')).then((bytes) => {
        response.writeHead(bytes === undefined ? 404 : 200);
        response.end(bytes);
      });
    });
  }

  /** `lost`: as if the server never did this to its disk. */
  static async live(lost?: DiskEvent['type']): Promise<ServerCutLife> {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-server-cut-'));
    const life = new ServerCutLife(folder, lost);
    await new Promise<void>((resolve) => {
      life.#web.listen(0, '127.0.0.1', resolve);
    });
    await mkdir(join(folder, 'data'));
    await life.#writeKeySet();
    await life.#run();
    return life;
  }

  async stop(): Promise<void> {
    this.#web.closeAllConnections();
    this.#web.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Cuts the power after `cut` changes, starts a fresh server on what is left, lets a device and a publisher come back. */
  async boot(cut: number, kind: CutKind, random: () => number): Promise<AfterServerCut> {
    const broken: string[] = [];
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-server-boot-'));
    try {
      await mkdir(join(folder, 'data'));
      await laySurvivors(this.files.survivors(cut, kind, random), join(folder, 'data'));
      await this.#open(join(folder, 'data'), nodeFiles);
      await this.#check(folder, cut, broken);
    } catch (error) {
      broken.push(error instanceof Error ? `${codeOf(error) ?? error.name}: ${error.message}` : String(error));
    } finally {
      await this.#current?.close();
      this.#current = undefined;
      await rm(folder, { recursive: true, force: true });
    }
    return { cut, kind, after: this.files.describe(cut), broken };
  }

  async #run(): Promise<void> {
    const { files } = this;
    const watched: DiskFiles = {
      open: (...args) => files.open(...args),
      makeFolder: (...args) => files.makeFolder(...args),
      rename: (...args) => files.rename(...args),
      link: (...args) => files.link(...args),
      remove: (...args) => files.remove(...args),
      // A file has its new name by now, and may lose it again.
      syncFolder: async (path) => {
        await this.#look();
        await files.syncFolder(path);
      },
    };
    const clock = new ManualClock(this.#trust.base.nowMs);
    const catalog = await this.#open(join(this.#folder, 'data'), watched, clock);
    const people = this.#people;
    await this.#confirm();
    await people.list(catalog, 'staging', '1.0.0');
    await this.#confirm();
    await people.list(catalog, 'production', '1.0.0');
    await this.#confirm();
    await people.list(catalog, 'staging', '1.1.0');
    await this.#confirm();
    await people.revoke(catalog);
    await this.#confirm();
    await people.rotateRoot(catalog);
    await this.#confirm();
    await this.#confirm(await catalog.prepareOnlineKey('director'));
    await people.rotateDirector(catalog, false);
    await this.#confirm();
    await catalog.keyRing.retire();
    await people.rotateDirector(catalog, true);
    await this.#confirm();
    await clock.advance(13 * 60 * 60 * 1000);
    await catalog.close();
    this.#current = undefined;
  }

  /** What a device would get this moment, if it gets anything before the change is done. */
  async #look(): Promise<void> {
    const cut = this.files.length;
    const path = join(this.#folder, 'data/repository/metadata/timestamp.json');
    const patience = readFile(path).then(() => readFile(path));
    const view = await Promise.race([
      this.#current?.metadataFile('timestamp.json'),
      patience.then(
        () => undefined,
        () => undefined,
      ),
    ]);
    if (view !== undefined) this.#seen.push({ cut, bytes: view });
  }

  async #confirm(successor?: string): Promise<void> {
    const since = this.files.length;
    const floors = join(this.#folder, `floors-${since}.json`);
    await this.#device(floors);
    this.#confirmed.push({ since, versions: this.#people.versions, floors, ...(successor && { successor }) });
  }

  async #check(folder: string, cut: number, broken: string[]): Promise<void> {
    const last = this.#confirmed.filter(({ since }) => since <= cut).at(-1);
    const floors = join(folder, 'floors.json');
    if (last !== undefined) await cp(last.floors, floors);
    const catalog = this.#current;
    if (catalog === undefined) return;
    const stands = await this.#device(floors);
    for (const [name, version] of Object.entries(last?.versions ?? {})) {
      const is = versionOf(stands, name);
      if (is < version) broken.push(`${name} ${version} was confirmed, ${is} stands`);
    }
    const directors = catalog.keyRing.signers('director').map(({ publicKey }) => publicKey);
    const named = publicKeysFor(stands.onlineKeys, 'director');
    if (!directors.some((key) => named.includes(key))) broken.push('the server cannot sign an order');
    // Until it was named, the successor is the one that the holders of targets were told.
    if (last?.successor !== undefined && !named.includes(last.successor)) {
      if ((await catalog.prepareOnlineKey('director')) !== last.successor) broken.push('the successor is another');
    }
    await this.#checkSeen(cut, broken);
    await this.#publishOn(catalog, stands, broken, floors);
  }

  async #checkSeen(cut: number, broken: string[]): Promise<void> {
    const now = Buffer.from((await this.#current?.metadataFile('timestamp.json')) ?? []);
    for (const { bytes } of this.#seen.filter((seen) => seen.cut <= cut)) {
      const [was, is] = [timestampOf(bytes), timestampOf(now)];
      if (was > is) broken.push(`a device saw timestamp ${was}, ${is} stands`);
      else if (was === is && !now.equals(bytes)) broken.push(`timestamp ${was} was signed twice`);
    }
  }

  /** The publisher's tool builds on what stands, whatever became of its last attempt. */
  async #publishOn(catalog: OpenedCatalog, stands: TrustedFilesOfAll, broken: string[], floors: string): Promise<void> {
    const release = blobRelease('2.0.0');
    for (const [digest, bytes] of release.blobs) await catalog.storeBlob(digest, streamOf(bytes, 100));
    const staging = stands.roles.get('staging-digits')?.file.signed;
    if (staging === undefined) throw new TypeError('there is no staging');
    const targets = { ...staging.targets, 'staging/digits/2.0.0/manifest.json': release.target };
    const next = { ...renewed(staging, 180, this.#trust.base.nowMs), targets };
    await catalog.publishRole('staging-digits', signTargets(next, [this.#people.lastingPublisher]));
    const after = await this.#device(floors);
    if (versionOf(after, 'staging-digits') !== next.version) broken.push('what is published next does not arrive');
  }

  /** A device, or a publisher's tool, that comes with its floors and verifies all of it. */
  async #device(floors: string): Promise<TrustedFilesOfAll> {
    const address = this.#web.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    const repository = openTrustedRepository({
      serverUrl: `http://127.0.0.1:${address.port}`,
      root: this.#trust.metadata.get('1.root.json') ?? new Uint8Array(),
      trustedFile: floors,
    });
    return repository.all({
      getBlob: async (digest) => {
        const blob = await this.#current?.openBlob(digest);
        if (blob === undefined) throw new TypeError(`blob ${digest} is not there`);
        return blob.read(0, blob.bytes - 1);
      },
    });
  }

  async #open(data: string, disk: DiskFiles, clock = new ManualClock(this.#trust.base.nowMs)): Promise<OpenedCatalog> {
    this.#current = await openCatalog({
      folder: join(data, 'repository'),
      keysFolder: join(data, 'keys'),
      importFrom: join(this.#folder, 'server'),
      maxBlobBytes: 1024 * 1024,
      clock,
      log: silentLog,
      disk,
    });
    return this.#current;
  }

  async #writeKeySet(): Promise<void> {
    const server = join(this.#folder, 'server');
    for (const part of ['metadata', 'blobs']) await mkdir(join(server, part), { recursive: true });
    for (const use of serverUses) {
      for (const { publicKey, seed } of this.#trust.keys[use]) {
        await writeKeyFile(join(server, `${use}.key`), { version: 1, use, public: publicKey, seed });
      }
    }
    for (const [name, bytes] of this.#trust.metadata) await writeFile(join(server, 'metadata', name), bytes);
    await writeFile(join(server, 'blobs', sha256(this.#trust.onlineKeys)), this.#trust.onlineKeys);
  }
}

function versionOf({ root, targets, roles }: TrustedFilesOfAll, name: string): number {
  if (name === 'root') return root.signed.version;
  return name === 'targets' ? targets.version : (roles.get(name)?.version ?? 0);
}

function timestampOf(bytes: Uint8Array): number {
  return (JSON.parse(Buffer.from(bytes).toString()) as { readonly signed: { readonly version: number } }).signed
    .version;
}

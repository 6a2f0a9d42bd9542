import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceTrust } from '@bellwether/agent/trust/device-trust';
import { type DeviceTrustOptions, openDeviceTrust, type TrustGuards } from '@bellwether/agent/trust/device-trust-disk';
import { readReleaseEvidence } from '@bellwether/agent/trust/release-evidence-disk';
import { verifyRelease } from '@bellwether/agent/trust/release-verifier';
import type { RunnerTrust } from '@bellwether/agent/trust/runner-trust';
import type { OrderedCanary } from '@bellwether/shared/contract/order';
import { silentLog } from '@bellwether/shared/log';
import type { Manifest } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';
import { ManualClock } from './manual-clock.js';
import type { SampleRelease } from './sample-release.js';
import { deviceNamed, modelsOf, modelWithCanary, signedOrder } from './signed-order.js';
import { type RepositoryOptions, SignedRepository } from './signed-repository.js';
import { type StaticServer, startStaticServer } from './static-server.js';

/** A signed repository behind a real web server, and a device that trusts its first root. */
export class TrustWorld {
  readonly folder: string;
  readonly repository: SignedRepository;
  readonly server: StaticServer;
  readonly clock = new ManualClock();
  readonly device = deviceNamed('meadow');
  readonly signal: AbortSignal = new AbortController().signal;
  #generation = 0;

  private constructor(folder: string, repository: SignedRepository, server: StaticServer) {
    this.folder = folder;
    this.repository = repository;
    this.server = server;
  }

  static async start(options: RepositoryOptions = {}): Promise<TrustWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-trust-'));
    const repository = await SignedRepository.create(join(folder, 'plane'), ['digits', 'vad'], options);
    await mkdir(join(folder, 'device'));
    return new TrustWorld(folder, repository, await startStaticServer(repository.folder));
  }

  /** Another world that stands where this one does: made once, a test begins with a copy. */
  async fork(): Promise<TrustWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-trust-'));
    const repository = await this.repository.copyTo(join(folder, 'plane'));
    await cp(join(this.folder, 'device'), join(folder, 'device'), { recursive: true });
    const world = new TrustWorld(folder, repository, await startStaticServer(repository.folder));
    world.#generation = this.#generation;
    return world;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    // The device may still be writing its time floor.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  }

  get stateFolder(): string {
    return join(this.folder, 'device', 'trust');
  }

  /** Opens the device's trust: again, when it was open before. */
  open(options: Partial<DeviceTrustOptions> = {}, guards?: TrustGuards): Promise<DeviceTrust> {
    const all = {
      folder: this.stateFolder,
      baseUrl: this.server.url,
      stage: 'production',
      allowDevelopment: false,
      root: { sha256: this.repository.rootSha256 },
      device: this.device,
      clock: this.clock,
      log: silentLog,
      ...options,
    } as const;
    return openDeviceTrust(all, guards);
  }

  /** An order of the next generation for these releases. */
  order(...releases: readonly SampleRelease[]): Uint8Array {
    this.#generation++;
    const models = releases.length === 0 ? {} : { models: modelsOf(...releases) };
    return signedOrder(this.repository.keys.director, {
      device: this.device,
      generation: this.#generation,
      ...models,
    });
  }

  /** An order of the next generation for a release, and another one beside it. */
  orderCanary(stable: SampleRelease, canary: SampleRelease, changes: Partial<OrderedCanary>): Uint8Array {
    this.#generation++;
    const { device } = this;
    const models = { [stable.model]: modelWithCanary(stable, canary, changes) };
    return signedOrder(this.repository.keys.director, { device, generation: this.#generation, models });
  }

  /** Opens trust, lets it accept an order for the releases, and refreshes. */
  async openWith(...releases: readonly SampleRelease[]): Promise<DeviceTrust> {
    const trust = await this.open();
    await trust.offerOrder(this.order(...releases), this.signal);
    await trust.refresh(this.signal);
    return trust;
  }

  /** The runner's own verdict on what the device has stored. */
  async runnerVerdict(trust: RunnerTrust, release: SampleRelease): Promise<Manifest> {
    const { model, version } = release;
    const manifestSha256 = sha256(release.manifest);
    const blobs = join(this.folder, 'device', 'blobs');
    await mkdir(blobs, { recursive: true });
    await writeFile(join(blobs, manifestSha256), release.manifest);
    const evidence = await readReleaseEvidence(trust, model, blobs, manifestSha256);
    return verifyRelease(evidence, { trust, model, version, manifestSha256 });
  }

  /** The runner's verdict on what the repository publishes now, whatever the device believes of it. */
  publishedVerdict(trust: RunnerTrust, release: SampleRelease): Manifest {
    const { published, roots } = this.repository;
    const { model, version, manifest } = release;
    const bytes = (name: string) => published.get(name) ?? new Uint8Array();
    const evidence = {
      roots: [...roots.values()],
      targets: bytes('targets'),
      staging: bytes('staging-digits'),
      production: bytes('production-digits'),
      manifest,
    };
    return verifyRelease(evidence, { trust, model, version, manifestSha256: sha256(manifest) });
  }
}

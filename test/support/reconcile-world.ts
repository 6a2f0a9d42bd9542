import { join } from 'node:path';
import type { CanarySettings } from '@bellwether/agent/inference/canary-settings';
import type { Engine, Runner } from '@bellwether/agent/inference/engine';
import { HttpArtifacts } from '@bellwether/agent/installs/artifact-http';
import { openBlobFolder } from '@bellwether/agent/installs/blob-folder-disk';
import type { Announcement } from '@bellwether/agent/installs/install';
import type { InstallRecord } from '@bellwether/agent/installs/install-record';
import type { ReleaseStore } from '@bellwether/agent/installs/release-store';
import { openReleaseStore } from '@bellwether/agent/installs/release-store-disk';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { LiveModels } from '@bellwether/agent/reconcile/live-models';
import { canaryStanding } from '@bellwether/agent/reconcile/plan-canary';
import { buildReconciler, type Reconciler, type ReconcilerParts } from '@bellwether/agent/reconcile/reconciler';
import type { DeviceTrust } from '@bellwether/agent/trust/device-trust';
import { AdmissionRefusal } from '@bellwether/agent/trust/refusal';
import type { RunnerTrust } from '@bellwether/agent/trust/runner-trust';
import type { OrderedCanary } from '@bellwether/shared/contract/order';
import type { RefusalCode } from '@bellwether/shared/contract/refusal';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { silentLog } from '@bellwether/shared/log';
import { sealEnvelope } from '@bellwether/shared/signing/envelope';
import { CountedTimers } from './counted-timers.js';
import { MemoryReleaseStore } from './installs.js';
import type { SampleRelease } from './sample-release.js';
import { ScriptedRunner } from './scripted-runner.js';
import { TrustWorld } from './trust-world.js';

/** An engine whose runners load nothing; the test says which releases they refuse. */
export class ScriptedEngine implements Engine {
  readonly runners: ScriptedRunner[] = [];
  /** By version. */
  readonly refusals = new Map<string, RefusalCode>();
  /** While it is pending, no runner gets ready. */
  gate: Promise<void> = Promise.resolve();
  /** The same by version. */
  readonly gates = new Map<string, Promise<void>>();

  /** What a runner would verify before it loads: nothing here. */
  verify(_model: VerifiedModel, _trust: RunnerTrust): Promise<void> {
    return Promise.resolve();
  }

  async start(model: VerifiedModel, trust: RunnerTrust, signal: AbortSignal): Promise<ScriptedRunner> {
    await this.gate;
    await this.gates.get(model.manifest.version);
    signal.throwIfAborted();
    await this.verify(model, trust);
    const code = this.refusals.get(model.manifest.version);
    if (code !== undefined) throw new AdmissionRefusal(code, `scripted: ${code}`);
    const runner = new ScriptedRunner(model);
    this.runners.push(runner);
    return runner;
  }
}

/** Where a device keeps what it knows, and how it writes there. */
export interface DeviceDisk {
  readonly folder: string;
  readonly files: DiskFiles;
  readonly url?: string;
}

/** A device's reconcile over real trust, a real web server and a real disk; only runners are scripted. */
export class ReconcileWorld {
  readonly world: TrustWorld;
  readonly trust: DeviceTrust;
  readonly engine: ScriptedEngine;
  readonly live = new LiveModels();
  readonly events: Announcement[] = [];
  /** Every time that serving was told of a canary. */
  readonly canaries: { readonly runner: Runner; readonly settings: CanarySettings }[] = [];
  readonly store: ReleaseStore;
  readonly reconciler: Reconciler;
  /** Of downloads, unless a test brings its own: each that waits for a byte has one that would give it up. */
  readonly timers: CountedTimers;
  readonly #changed = new Set<() => void>();

  private constructor(
    world: TrustWorld,
    {
      trust,
      store,
      engine,
      parts,
      timers,
    }: {
      readonly trust: DeviceTrust;
      readonly store: ReleaseStore;
      readonly engine: ScriptedEngine;
      readonly parts: ReconcilerParts;
      readonly timers: CountedTimers;
    },
  ) {
    this.timers = timers;
    this.world = world;
    this.trust = trust;
    this.store = store;
    this.engine = engine;
    this.reconciler = buildReconciler({
      ...parts,
      trust,
      store,
      engine: this.engine,
      live: this.live,
      serving: {
        swap: () => ({ drained: Promise.resolve() }),
        withdraw: () => Promise.resolve(),
        setCanary: (runner, settings) => {
          this.canaries.push({ runner, settings });
        },
        dropCanary: () => Promise.resolve(),
        releaseCanary: (model) => Promise.resolve(this.live.trial(model)?.runner),
      },
      announce: (announcement) => {
        this.events.push(announcement);
      },
      onChange: () => {
        for (const changed of this.#changed) changed();
      },
    });
  }

  /** Opens the device; `world` and `records` are those of an earlier life, if there was one. */
  static async open(
    options: {
      readonly world?: TrustWorld;
      readonly records?: readonly InstallRecord[];
      readonly parts?: Partial<ReconcilerParts>;
      /** On a disk of its own, with its records too; `url` of another artefact plane than the world's. */
      readonly disk?: DeviceDisk;
      readonly engine?: ScriptedEngine;
    } = {},
  ): Promise<ReconcileWorld> {
    const world = options.world ?? (await TrustWorld.start());
    const { clock } = world;
    const { folder = join(world.folder, 'device'), files = nodeFiles, url = world.server.url } = options.disk ?? {};
    const blobs = await openBlobFolder(join(folder, 'blobs'), files);
    const random = () => 1;
    const log = silentLog;
    const timers = new CountedTimers(clock);
    const artifacts = new HttpArtifacts({
      baseUrl: url,
      blobFolder: blobs.folder,
      files,
      maxAttempts: 1,
      maxBytesPerSecond: 0,
      stallMs: 10_000,
      clock: timers,
      random,
      log,
    });
    const parts = {
      blobs,
      artifacts,
      limits: { diskReserveBytes: 0, memoryMb: 1024, canaryFloorBytes: 64 * 1024 ** 2 },
      startSpreadMs: 0,
      probation: { minutes: 10, calls: 2, maxHours: 24 },
      onNoAllowedRelease: 'keep',
      availableMemory: () => 1024 ** 3,
      segmentOf: () => 0,
      clock,
      random,
      log,
      ...options.parts,
    };
    const store =
      options.disk === undefined
        ? new MemoryReleaseStore(options.records)
        : await openReleaseStore(join(folder, 'installs.json'), files);
    const trust = await world.open({ folder: join(folder, 'trust'), baseUrl: url, files });
    const engine = options.engine ?? new ScriptedEngine();
    // The parts that are missing here are put in by the constructor.
    return new ReconcileWorld(world, { trust, store, engine, parts: parts as unknown as ReconcilerParts, timers });
  }

  /** An order for these releases is accepted. */
  async order(...releases: readonly SampleRelease[]): Promise<void> {
    const { kind } = await this.trust.offerOrder(this.world.order(...releases), this.world.signal);
    if (kind !== 'accepted') throw new Error(`the order was ${kind}`);
    this.reconciler.orderChanged();
  }

  /** Signed server time comes, and an order with a canary beside what serves. */
  async orderCanary(stable: SampleRelease, canary: SampleRelease, changes: Partial<OrderedCanary> = {}): Promise<void> {
    const { repository, clock, signal } = this.world;
    const deviceNonce = 'cd'.repeat(32);
    const time = { deviceNonce, timeMs: Math.round(clock.now().wallMs) };
    this.trust.offerTime(sealEnvelope('time', time, [repository.keys.time]), deviceNonce);
    const { kind } = await this.trust.offerOrder(this.world.orderCanary(stable, canary, changes), signal);
    if (kind !== 'accepted') throw new Error(`the order was ${kind}`);
    this.reconciler.orderChanged();
  }

  /** Where the canary stands, as the report says. */
  canaryState(): string | undefined {
    const [model] = this.reconciler.observed().models;
    if (model === undefined) return undefined;
    const standing = canaryStanding(model);
    if (standing?.kind === 'off') return standing.state;
    return standing === undefined ? undefined : model.trial === null ? 'installing' : 'ready';
  }

  /** Why it has no calls, as the report says. */
  canaryCode(): string | undefined {
    const [model] = this.reconciler.observed().models;
    const standing = model === undefined ? undefined : canaryStanding(model);
    return standing?.kind === 'off' ? standing.code : undefined;
  }

  /** The runner of the canary dies. */
  async killCanary(model = 'digits'): Promise<void> {
    const runner = this.live.trial(model)?.runner;
    if (!(runner instanceof ScriptedRunner)) throw new Error(`there is no canary of ${model}`);
    runner.die();
    await this.reconciler.canaryDied(runner.model, await runner.exited);
  }

  /** Publishes a release, orders it, and waits until it serves. */
  async serve(release: SampleRelease): Promise<void> {
    await this.world.repository.addRelease(release);
    await this.order(release);
    await this.untilServing(release.version, release.model);
  }

  /** The version that serves. */
  serving(model = 'digits'): string | undefined {
    return this.live.serving(model)?.release.version;
  }

  phaseOf({ version }: SampleRelease): string | undefined {
    return this.store.records().find((record) => record.version === version)?.phase;
  }

  codeOf({ version }: SampleRelease): string | undefined {
    return this.store.records().find((record) => record.version === version)?.verdict?.code;
  }

  /** What serves gets its calls and its time, and settles. */
  async settle(model = 'digits'): Promise<void> {
    const { manifest } = this.live.serving(model)?.release ?? { manifest: '' };
    this.reconciler.countCall(model, manifest);
    this.reconciler.countCall(model, manifest);
    await this.world.clock.advance(600_000);
    await this.until(() => this.store.records().some((r) => r.manifest === manifest && r.phase === 'settled'));
  }

  /** The runner that serves dies. */
  async killRunner(model = 'digits'): Promise<void> {
    const runner = this.live.serving(model)?.runner;
    if (!(runner instanceof ScriptedRunner)) throw new Error(`nothing serves ${model}`);
    runner.die();
    await this.reconciler.runnerDied(runner.model, await runner.exited);
  }

  async untilServing(version: string, model = 'digits'): Promise<void> {
    await this.until(() => this.serving(model) === version);
  }

  /** Resolves after the pass in which something has become true. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        const changed = () => {
          this.#changed.delete(changed);
          resolve();
        };
        this.#changed.add(changed);
      });
    }
  }
}

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openIdentity } from '@bellwether/agent/identity/identity-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import type { CutKind, DiskEvent } from './power-cut-disk.js';
import { laySurvivors, PowerCutFiles } from './power-cut-files.js';
import { ReconcileWorld } from './reconcile-world.js';
import { sampleRelease } from './sample-release.js';
import { TrustWorld } from './trust-world.js';
import { VerifyingEngine } from './verifying-engine.js';

const name = 'meadow';
const nowhere = 'http://127.0.0.1:9';

/** From which change on something must survive every cut. */
interface Promised {
  readonly since: number;
  readonly what: 'key' | 'enrolled' | 'generation' | 'timestamp' | 'serves' | 'refused';
  readonly value: string | number;
}

/** What a cut left, as a fresh agent finds it. Empty `broken`: everything that was promised is there. */
export interface AfterCut {
  readonly cut: number;
  readonly kind: CutKind;
  readonly after: string;
  readonly broken: readonly string[];
}

const first = sampleRelease('digits', '1.0.0');
const second = sampleRelease('digits', '1.1.0');
const third = sampleRelease('digits', '1.2.0');

/**
 * A device's life from its first start over an install, an upgrade, a refused release and a rollback, every change of
 * its disk on record; afterwards the power can be cut after each of them.
 */
export class PowerCutLife {
  readonly world: TrustWorld;
  readonly files: PowerCutFiles;
  readonly #promised: Promised[] = [];

  private constructor(world: TrustWorld, files: PowerCutFiles) {
    this.world = world;
    this.files = files;
  }

  /** `lost`: as if the agent never did this to its disk. */
  static async live(lost?: DiskEvent['type']): Promise<PowerCutLife> {
    const world = await TrustWorld.start();
    const folder = join(world.folder, 'state');
    await mkdir(folder);
    const life = new PowerCutLife(world, new PowerCutFiles(folder, lost));
    await life.#run(folder);
    return life;
  }

  async stop(): Promise<void> {
    await this.world.stop();
  }

  /** Cuts the power after `cut` changes and boots a fresh agent on what is left, without a network; then, with one, it must get to the order. */
  async boot(cut: number, kind: CutKind, random: () => number, isOnline: boolean): Promise<AfterCut> {
    const broken: string[] = [];
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-cut-'));
    try {
      await laySurvivors(this.files.survivors(cut, kind, random), folder);
      const promises = this.#promised.filter(({ since }) => since <= cut);
      await this.#checkOffline(folder, promises, broken);
      if (isOnline && broken.length === 0) await this.#checkOnline(folder, broken);
    } catch (error) {
      broken.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return { cut, kind, after: this.files.describe(cut), broken };
  }

  async #run(folder: string): Promise<void> {
    const identity = await openIdentity(join(folder, 'identity'), name, this.files);
    this.#promise('key', identity.publicKey);
    await identity.markEnrolled(1);
    this.#promise('enrolled', 1);
    const device = await ReconcileWorld.open({
      world: this.world,
      disk: { folder, files: this.files },
      engine: new VerifyingEngine(),
    });
    await device.reconciler.start();
    for (const release of [first, second]) {
      await this.world.repository.addRelease(release);
      await device.trust.refresh(this.world.signal);
      this.#promise('timestamp', device.trust.versions?.timestamp ?? 0);
      await device.order(release);
      this.#promise('generation', device.trust.accepted?.order.generation ?? 0);
      await device.untilServing(release.version);
      this.#promise('serves', release.version);
      await device.settle();
    }
    await this.world.repository.addRelease(third);
    await device.trust.refresh(this.world.signal);
    device.engine.refusals.set(third.version, 'golden');
    await device.order(third);
    this.#promise('generation', device.trust.accepted?.order.generation ?? 0);
    await device.until(() => device.phaseOf(third) === 'refused');
    this.#promise('refused', third.version);
    await device.order(first);
    this.#promise('generation', device.trust.accepted?.order.generation ?? 0);
    await device.untilServing(first.version);
    await device.reconciler.stop();
  }

  #promise(what: Promised['what'], value: string | number): void {
    this.#promised.push({ since: this.files.length, what, value });
  }

  async #checkOffline(folder: string, promises: readonly Promised[], broken: string[]): Promise<void> {
    const identity = await openIdentity(join(folder, 'identity'), name);
    // The first start of a device whose root must be fetched needs the network; afterwards nothing does.
    const url = promises.some(({ what }) => what === 'timestamp') ? nowhere : this.world.server.url;
    const device = await this.#open(folder, url);
    try {
      await device.reconciler.start();
      for (const { what, value } of promises) {
        const is = await this.#found(what, value, { identity, device });
        if (!is) broken.push(`${what} ${value} is gone`);
      }
      if (promises.some(({ what }) => what === 'serves')) await untilServes(device, broken);
    } finally {
      await device.reconciler.stop();
    }
  }

  async #found(
    what: Promised['what'],
    value: string | number,
    found: {
      readonly identity: Awaited<ReturnType<typeof openIdentity>>;
      readonly device: ReconcileWorld;
    },
  ): Promise<boolean> {
    const { identity, device } = found;
    const { versions, accepted } = device.trust;
    switch (what) {
      case 'key':
        return identity.publicKey === value;
      case 'enrolled':
        return identity.enrolled;
      case 'generation':
        return (accepted?.order.generation ?? 0) >= Number(value);
      case 'timestamp':
        return (versions?.timestamp ?? 0) >= Number(value);
      case 'serves':
        return device.store
          .records()
          .some((r) => r.version === value && (r.phase === 'serving' || r.phase === 'settled'));
      case 'refused':
        return device.store.records().some((r) => r.version === value && r.phase === 'refused');
    }
  }

  /** Whatever is left, with a network the device gets to what the newest order that it knows, or a next one, wants. */
  async #checkOnline(folder: string, broken: string[]): Promise<void> {
    const device = await this.#open(folder, this.world.server.url);
    try {
      await device.reconciler.start();
      await device.trust.offerOrder(this.world.order(second), this.world.signal);
      device.reconciler.orderChanged();
      await Promise.race([device.untilServing(second.version), timeLimit()]);
      if (device.serving() !== second.version) broken.push('does not get to the next order');
    } finally {
      await device.reconciler.stop();
    }
  }

  #open(folder: string, url: string): Promise<ReconcileWorld> {
    const disk = { folder, files: nodeFiles, url };
    return ReconcileWorld.open({ world: this.world, disk, engine: new VerifyingEngine() });
  }
}

async function untilServes(device: ReconcileWorld, broken: string[]): Promise<void> {
  await Promise.race([device.until(() => device.serving() !== undefined), timeLimit()]);
  if (device.serving() === undefined) broken.push('no verified release serves');
}

/** Not a pace: what has not happened by then never will. */
function timeLimit(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 30_000).unref();
  });
}

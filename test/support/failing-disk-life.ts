import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { type DiskFault, FailingFiles } from './failing-files.js';
import { ReconcileWorld } from './reconcile-world.js';
import { sampleRelease } from './sample-release.js';
import { TrustWorld } from './trust-world.js';
import { VerifyingEngine } from './verifying-engine.js';

const first = sampleRelease('digits', '1.0.0');
const second = sampleRelease('digits', '1.1.0');

/** What a disk that failed in the middle of an upgrade did to the device. */
export interface AfterDiskFault {
  readonly fault: DiskFault;
  readonly after: number;
  /** Whether the fault was met at all. */
  readonly wasMet: boolean;
  readonly broken: readonly string[];
}

/** A device that serves 1.0.0 and gets the order for 1.1.0 while its disk fails. */
export class FailingDiskLife {
  readonly #world: TrustWorld;
  readonly #image: string;
  readonly #order: Uint8Array;

  private constructor(world: TrustWorld, image: string, order: Uint8Array) {
    this.#world = world;
    this.#image = image;
    this.#order = order;
  }

  static async live(): Promise<FailingDiskLife> {
    const world = await TrustWorld.start();
    const image = join(world.folder, 'image');
    await nodeFiles.makeFolder(image, 0o700);
    const device = await open(world, image, new FailingFiles());
    await device.reconciler.start();
    await device.serve(first);
    await device.settle();
    await device.reconciler.stop();
    await world.repository.addRelease(second);
    return new FailingDiskLife(world, image, world.order(second));
  }

  async stop(): Promise<void> {
    await this.#world.stop();
  }

  /** From the `after`-th change on every change fails; then the disk is well again, and at last the device starts anew. */
  async upgrade(after: number, fault: DiskFault): Promise<AfterDiskFault> {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-failing-'));
    const broken: string[] = [];
    await cp(this.#image, folder, { recursive: true });
    const files = new FailingFiles();
    try {
      const device = await open(this.#world, folder, files);
      try {
        await this.#fail(device, files, { after, fault, broken });
        await this.#recover(device, files, broken);
      } finally {
        await device.reconciler.stop();
      }
      await this.#restart(folder, broken);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return { fault, after, wasMet: files.failed > 0, broken };
  }

  async #fail(
    device: ReconcileWorld,
    files: FailingFiles,
    { after, fault, broken }: { readonly after: number; readonly fault: DiskFault; readonly broken: string[] },
  ): Promise<void> {
    await device.reconciler.start();
    await device.untilServing('1.0.0');
    files.failAfter(after, fault);
    await this.#offer(device);
    const isServing = (): void => {
      if (device.serving() === undefined) broken.push('nothing serves while the disk fails');
    };
    const deadline = Date.now() + 30_000;
    while (device.serving() !== '1.1.0' && files.failed === 0 && Date.now() < deadline) {
      await new Promise(setImmediate);
      isServing();
    }
    // Tried again and again, it fails again and again.
    for (let i = 0; i < 5; i++) {
      await this.#world.clock.advance(10_000);
      isServing();
    }
  }

  async #recover(device: ReconcileWorld, files: FailingFiles, broken: string[]): Promise<void> {
    files.heal();
    await this.#offer(device);
    const deadline = Date.now() + 30_000;
    while (device.serving() !== '1.1.0' && Date.now() < deadline) {
      await new Promise(setImmediate);
      // What travels has all the time that this machine needs.
      if (device.timers.running === 0) await this.#world.clock.advance(1_000);
    }
    if (device.serving() !== '1.1.0') broken.push('does not get to its order when the disk is well');
  }

  async #restart(folder: string, broken: string[]): Promise<void> {
    const device = await open(this.#world, folder, new FailingFiles());
    try {
      await device.reconciler.start();
      await device.until(() => device.serving() !== undefined);
      if (device.serving() !== '1.1.0') broken.push(`after a restart ${device.serving()} serves`);
    } finally {
      await device.reconciler.stop();
    }
  }

  /** What the disk refuses is an outcome, not an error. */
  async #offer(device: ReconcileWorld): Promise<void> {
    await device.trust.offerOrder(this.#order, this.#world.signal);
    device.reconciler.orderChanged();
  }
}

function open(world: TrustWorld, folder: string, files: FailingFiles): Promise<ReconcileWorld> {
  return ReconcileWorld.open({ world, disk: { folder, files }, engine: new VerifyingEngine() });
}

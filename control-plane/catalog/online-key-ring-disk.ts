import { existsSync } from 'node:fs';
import { type OnlineKeys, type OnlineKeyUse, publicKeysFor } from '@bellwether/shared/contract/online-keys';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { moveDurably } from '@bellwether/shared/files/durable-file-disk';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { CatalogError } from './catalog-error.js';
import { onlineKeyUses } from './repository-layout.js';
import { type KeyFolder, makeNextKey, readServerKey, serverKeyPath } from './server-key-file-disk.js';

/** The keys of one use: `next` waits until keys/online.json names it, `former` signs as well until every live device has that file. */
interface Held {
  readonly current: KeyPair;
  readonly next?: KeyPair;
  readonly former?: KeyPair;
}

/**
 * The server's own keys of keys/online.json, as files: `director.key`, `director.next.key`, `director.former.key`. The
 * private keys are made here and never leave; which of them count is for the holders of targets to say. What keys/online.json
 * names decides after a crash, too: every step may run twice.
 */
export class OnlineKeyRing {
  readonly #folder: string;
  readonly #disk: DiskFiles;
  readonly #held: Map<OnlineKeyUse, Held>;
  #epoch: number;

  private constructor(
    { folder, disk }: KeyFolder,
    { held, epoch }: { readonly held: Map<OnlineKeyUse, Held>; readonly epoch: number },
  ) {
    this.#disk = disk;
    this.#folder = folder;
    this.#held = held;
    this.#epoch = epoch;
  }

  /** Reads the keys, and completes a change that a crash cut off. Throws CatalogError `repository-corrupt` or Node's own error. */
  static async open(at: KeyFolder, listed: OnlineKeys): Promise<OnlineKeyRing> {
    for (const use of onlineKeyUses) await promoteListed(at, use, listed);
    const held = new Map<OnlineKeyUse, Held>();
    for (const use of onlineKeyUses) held.set(use, await readHeld(at.folder, use));
    return new OnlineKeyRing(at, { held, epoch: listed.epoch });
  }

  /** The key pairs that sign for a use: the one that counts first. */
  signers(use: OnlineKeyUse): readonly KeyPair[] {
    const { current, former } = this.#of(use);
    return former === undefined ? [current] : [current, former];
  }

  /** True while a former key signs beside its successor. */
  get isRotating(): boolean {
    return [...this.#held.values()].some(({ former }) => former !== undefined);
  }

  /** The public key of a use's successor; made at the first call. */
  async prepare(use: OnlineKeyUse): Promise<string> {
    const held = this.#of(use);
    if (held.next !== undefined) return held.next.publicKey;
    const next = await makeNextKey({ folder: this.#folder, disk: this.#disk }, use);
    this.#held.set(use, { ...held, next });
    return next.publicKey;
  }

  /** The first use that keys/online.json names with none of the keys held here; undefined when all can sign. */
  missing(listed: OnlineKeys): OnlineKeyUse | undefined {
    return onlineKeyUses.find((use) => {
      const { current, next } = this.#of(use);
      const named = publicKeysFor(listed, use);
      return named.length > 0 && !named.some((key) => key === current.publicKey || key === next?.publicKey);
    });
  }

  /** A newer keys/online.json stands: what it names signs from now on. After a theft, a higher epoch, the former keys do not sign once more. */
  async settle(listed: OnlineKeys): Promise<void> {
    for (const use of onlineKeyUses) {
      await promoteListed({ folder: this.#folder, disk: this.#disk }, use, listed);
      if (listed.epoch > this.#epoch) await this.#dropFormer(use);
      this.#held.set(use, await readHeld(this.#folder, use));
    }
    this.#epoch = listed.epoch;
  }

  /** Every live device has the file that names the new keys: the former ones are deleted. */
  async retire(): Promise<void> {
    for (const [use, { former: _former, ...held }] of this.#held) {
      this.#held.set(use, held);
      await this.#dropFormer(use);
    }
  }

  async #dropFormer(use: OnlineKeyUse): Promise<void> {
    await this.#disk.remove(serverKeyPath(this.#folder, use, 'former'));
    // A retired key must not come back with the power.
    await this.#disk.syncFolder(this.#folder);
  }

  #of(use: OnlineKeyUse): Held {
    const held = this.#held.get(use);
    if (held === undefined) throw new CatalogError('repository-corrupt', `there is no ${use} key`);
    return held;
  }
}

/** Puts a successor in its place once it is named; the one before it becomes the former. */
async function promoteListed({ folder, disk }: KeyFolder, use: OnlineKeyUse, listed: OnlineKeys): Promise<void> {
  const next = await readServerKey(folder, use, 'next');
  if (next === undefined || !publicKeysFor(listed, use).includes(next.publicKey)) return;
  const path = serverKeyPath(folder, use);
  if (existsSync(path)) await moveDurably(disk, path, serverKeyPath(folder, use, 'former'));
  await moveDurably(disk, serverKeyPath(folder, use, 'next'), path);
}

async function readHeld(folder: string, use: OnlineKeyUse): Promise<Held> {
  const current = await readServerKey(folder, use);
  if (current === undefined) throw new CatalogError('repository-corrupt', `${folder} holds no ${use}.key`);
  const next = await readServerKey(folder, use, 'next');
  const former = await readServerKey(folder, use, 'former');
  return { current, ...(next && { next }), ...(former && { former }) };
}

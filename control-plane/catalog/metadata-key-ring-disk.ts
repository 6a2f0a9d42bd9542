import { moveDurably } from '@bellwether/shared/files/durable-file-disk';
import { keyIdOf } from '@bellwether/shared/signing/ed25519';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { CatalogError } from './catalog-error.js';
import { type MetadataKeyUse, metadataKeyUses } from './repository-layout.js';
import type { RootFile } from './role-file.js';
import { type KeyFolder, makeNextKey, readServerKey, serverKeyPath } from './server-key-file-disk.js';

/** The key of one use, and the successor that waits until a root names it. */
interface Held {
  readonly current: KeyPair;
  readonly next?: KeyPair;
}

/** The pairs that sign snapshot and timestamp. */
export type MetadataKeyPairs = Readonly<Record<MetadataKeyUse, KeyPair>>;

/**
 * The server's keys for snapshot and timestamp, as files: `snapshot.key`, `snapshot.next.key`. Private keys are made here and
 * never leave; which of them count the root says, also after a crash: every step may run twice. There is no time in which
 * both sign: the root that names the new key and what it signs become visible together.
 */
export class MetadataKeyRing {
  readonly #at: KeyFolder;
  readonly #held: Map<MetadataKeyUse, Held>;

  private constructor(at: KeyFolder, held: Map<MetadataKeyUse, Held>) {
    this.#at = at;
    this.#held = held;
  }

  /** Reads the keys. Throws CatalogError `repository-corrupt`, DecodeError or Node's own error. */
  static async open(at: KeyFolder): Promise<MetadataKeyRing> {
    const held = new Map<MetadataKeyUse, Held>();
    for (const use of metadataKeyUses) held.set(use, await readHeld(at.folder, use));
    return new MetadataKeyRing(at, held);
  }

  /** The pairs that a root lets sign. Throws CatalogError `role-policy` when it names a key that is not held here. */
  pairsFor(root: RootFile): MetadataKeyPairs {
    return { snapshot: this.#pairFor('snapshot', root), timestamp: this.#pairFor('timestamp', root) };
  }

  /** The public key of a use's successor; made at the first call. */
  async prepare(use: MetadataKeyUse): Promise<string> {
    const held = this.#of(use);
    const next = held.next ?? (await makeNextKey(this.#at, use));
    this.#held.set(use, { ...held, next });
    return next.publicKey;
  }

  /** This root stands: a successor that it names takes its place, and the one before is deleted. */
  async settle(root: RootFile): Promise<void> {
    const { folder, disk } = this.#at;
    for (const use of metadataKeyUses) {
      const { next } = this.#of(use);
      if (next === undefined || this.#pairFor(use, root) !== next) continue;
      await moveDurably(disk, serverKeyPath(folder, use, 'next'), serverKeyPath(folder, use));
      this.#held.set(use, { current: next });
    }
  }

  #pairFor(use: MetadataKeyUse, { signed }: RootFile): KeyPair {
    const { current, next } = this.#of(use);
    const { keyids } = signed.roles[use];
    const named = [current, next].find((pair) => pair !== undefined && keyids.includes(keyIdOf(pair.publicKey)));
    if (named !== undefined) return named;
    throw new CatalogError('role-policy', `root version ${signed.version} names no ${use} key that this server holds`);
  }

  #of(use: MetadataKeyUse): Held {
    const held = this.#held.get(use);
    if (held === undefined) throw new CatalogError('repository-corrupt', `there is no ${use} key`);
    return held;
  }
}

async function readHeld(folder: string, use: MetadataKeyUse): Promise<Held> {
  const current = await readServerKey(folder, use);
  if (current === undefined) throw new CatalogError('repository-corrupt', `${folder} holds no ${use}.key`);
  const next = await readServerKey(folder, use, 'next');
  return { current, ...(next && { next }) };
}

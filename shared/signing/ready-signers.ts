import { type Signer, signerOf } from './ed25519.js';
import type { KeyPair } from './key-pair.js';

/** Signers of the keys that are used now, each made ready once: that costs more than to sign. Keys change when one is replaced. */
export class ReadySigners {
  readonly #keys: () => readonly KeyPair[];
  /** By seed: those that signed last. */
  #signers: ReadonlyMap<string, Signer> = new Map();

  constructor(keys: () => readonly KeyPair[]) {
    this.#keys = keys;
  }

  /** One for each key, in their order. */
  all(): readonly Signer[] {
    const ready = this.#keys().map((key) => [key.seed, this.#signers.get(key.seed) ?? signerOf(key)] as const);
    this.#signers = new Map(ready);
    return ready.map(([, signer]) => signer);
  }
}

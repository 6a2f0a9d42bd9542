import type { Clock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { sealEnvelope } from '@bellwether/shared/signing/envelope';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { type ChainEnd, genesisDigest } from './audit-chain.js';
import type { AuditHead } from './audit-head.js';
import type { AuditHeadStore, StoredHead } from './audit-store.js';

/** How often a head is signed [T-14]. */
export const headEveryMs = 10 * 60_000;

interface HeadParts {
  readonly store: AuditHeadStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly key: KeyPair;
}

/** Signs where the log ends: at the start, every ten minutes, and whenever somebody asks. */
export class AuditHeads {
  readonly #parts: HeadParts;
  #cancel: (() => void) | undefined;
  #newest: ChainEnd | undefined;

  constructor(parts: HeadParts) {
    this.#parts = parts;
  }

  /** The key that signs, 64 hex digits. */
  get publicKey(): string {
    return this.#parts.key.publicKey;
  }

  /** Where the log ended when a head was signed last; undefined before the first. */
  get newest(): ChainEnd | undefined {
    return this.#newest;
  }

  /** Signs one, and then every ten minutes. May be called twice. */
  start(): void {
    if (this.#cancel !== undefined) return;
    this.sign();
    this.#wait();
  }

  /** Ends it. May be called twice. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Signs where the log ends now; where nothing was added since, the last head says so already. */
  sign(): StoredHead {
    const { store, clock, key } = this.#parts;
    const end = store.end() ?? { sequence: 0, digest: genesisDigest };
    const known = store.head(end.sequence);
    if (known !== undefined) {
      this.#newest = end;
      return known;
    }
    const atMs = Math.floor(clock.now().wallMs);
    const head: AuditHead = { schema: 'bellwether.audit-head.v1', ...end, atMs };
    const envelope = Buffer.from(sealEnvelope('auditHead', head, [key])).toString();
    const stored = { sequence: end.sequence, atMs, envelope };
    store.insertHead(stored);
    this.#newest = end;
    return stored;
  }

  /** Newest first. */
  list(limit: number): readonly StoredHead[] {
    return this.#parts.store.heads(limit);
  }

  #wait(): void {
    const { clock, log } = this.#parts;
    this.#cancel = clock.after(headEveryMs, () => {
      try {
        this.sign();
      } catch (cause) {
        log.error({ err: cause, reason: messageOf(cause) }, 'The head of the audit log could not be signed');
      }
      this.#wait();
    });
  }
}

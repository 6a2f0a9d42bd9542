import type { Clock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import {
  type Outbox,
  OutboxError,
  type OutboxKind,
  type OutboxLosses,
  type OutboxMessage,
  type OutboxRange,
  type OutboxState,
} from './outbox.js';

/** An outbox that cannot be opened is tried again with the first message after this. */
const againMs = 5_000;

export interface LateOutboxParts {
  /** Opens the real one, which counts these losses; rejects with OutboxError. */
  readonly open: (lostBefore: OutboxLosses) => Promise<Outbox>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens an outbox, or one that opens later: a full disk must not keep a device from serving what it has verified [T-8].
 * Until then every message is lost, and counted. Rejects with OutboxError when another process has it.
 */
export async function openLateOutbox(parts: LateOutboxParts): Promise<Outbox> {
  const outbox = new LateOutbox(parts);
  await outbox.open();
  return outbox;
}

class LateOutbox implements Outbox {
  readonly #parts: LateOutboxParts;
  #real: Outbox | undefined;
  #lost: OutboxLosses = { window: 0, event: 0 };
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(parts: LateOutboxParts) {
    this.#parts = parts;
  }

  get state(): OutboxState {
    const { window: lostWindows, event: lostEvents } = this.#lost;
    return this.#real?.state ?? { waiting: 0, bytes: 0, lostWindows, lostEvents };
  }

  get isUnwritable(): boolean {
    return this.#real?.isUnwritable ?? true;
  }

  async open(): Promise<void> {
    const { open, clock, log } = this.#parts;
    const { monotonicMs } = clock.now();
    if (this.#real !== undefined || this.#isClosed || monotonicMs - this.#triedAtMs < againMs) return;
    this.#triedAtMs = monotonicMs;
    try {
      this.#real = await open(this.#lost);
    } catch (error) {
      if (!(error instanceof OutboxError) || error.code !== 'outbox-unwritable') throw error;
      log.error({ err: messageOf(error) }, 'the outbox cannot be opened; telemetry is lost until it can');
    }
  }

  async put(kind: OutboxKind, payload: Uint8Array): Promise<void> {
    await this.open();
    if (this.#real !== undefined) return this.#real.put(kind, payload);
    this.#lost = { ...this.#lost, [kind]: this.#lost[kind] + 1 };
    throw new OutboxError('outbox-unwritable', `the outbox is not open; ${this.#lost.window} windows are lost`);
  }

  async read(range: OutboxRange, limit: number): Promise<readonly OutboxMessage[]> {
    return this.#real?.read(range, limit) ?? [];
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#real?.remove(ids);
  }

  async lose(ids: readonly string[]): Promise<void> {
    await this.#real?.lose(ids);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#real?.close();
  }
}

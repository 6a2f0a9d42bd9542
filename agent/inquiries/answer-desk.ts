import type { Clock } from '@bellwether/shared/clock';
import type { Inquiry } from '@bellwether/shared/contract/inquiry';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { type Backoff, backoffMs } from '../reconcile/backoff.js';

/** What became of an answer: the server has it, or wants it no more. */
export type AnswerOutcome = 'taken' | 'unwanted';

export interface AnswerDeskParts {
  readonly answer: (inquiry: Inquiry) => Promise<Uint8Array>;
  /** Rejects when the server could not be reached: then it is tried again. */
  readonly send: (id: string, answer: Uint8Array, signal: AbortSignal) => Promise<AnswerOutcome>;
  /** Undefined before the first signed server time. */
  readonly serverTimeMs: () => number | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

const backoff: Backoff = { firstMs: 5_000, maxMs: 600_000 };

/** Answers what the order asks, each question once and one after the other; what cannot be sent is tried until it has run out. */
export class AnswerDesk {
  readonly #parts: AnswerDeskParts;
  readonly #stopping = new AbortController();
  readonly #done = new Set<string>();
  #open: readonly Inquiry[] = [];
  #running: Promise<void> | undefined;
  #wake = new AbortController();

  constructor(parts: AnswerDeskParts) {
    this.#parts = parts;
  }

  /** What the order that stands asks. */
  ordered(inquiries: readonly Inquiry[]): void {
    this.#open = inquiries;
    this.#running ??= this.#answerAll().finally(() => {
      this.#running = undefined;
    });
  }

  /** The server can be reached again. */
  connected(): void {
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #answerAll(): Promise<void> {
    const { clock, random, log, answer, send } = this.#parts;
    const { signal } = this.#stopping;
    let failures = 0;
    for (let next = this.#next(); next !== undefined && !signal.aborted; next = this.#next()) {
      const { id, kind } = next;
      try {
        const outcome = await send(id, await answer(next), signal);
        log.info({ id, kind, outcome }, 'a question of the server was answered');
        this.#done.add(id);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ id, kind, err: messageOf(error) }, 'an answer could not be sent; trying again');
        this.#wake = new AbortController();
        const delayMs = backoffMs(backoff, ++failures, random());
        await clock.sleep(delayMs, AbortSignal.any([signal, this.#wake.signal]));
      }
    }
  }

  #next(): Inquiry | undefined {
    const nowMs = this.#parts.serverTimeMs();
    return this.#open.find(
      ({ id, expiresAtMs }) => !this.#done.has(id) && (nowMs === undefined || nowMs < expiresAtMs),
    );
  }
}

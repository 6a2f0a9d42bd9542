import type { Clock } from '@bellwether/shared/clock';

/** Aborts a connection on which nothing comes; rests while we are the slow side. */
export class StallGuard {
  readonly #abort = new AbortController();
  readonly #clock: Clock;
  readonly #stallMs: number;
  #cancel: () => void = () => {};

  constructor(clock: Clock, stallMs: number) {
    this.#clock = clock;
    this.#stallMs = stallMs;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The other side has `stallMs` from now. */
  watch(): void {
    this.#cancel();
    this.#cancel = this.#clock.after(this.#stallMs, () => this.#abort.abort());
  }

  /** The other side is not waited for; may be called twice. */
  rest(): void {
    this.#cancel();
  }
}

/** Aborts its signal when nothing was heard for a while: a connection can die without anybody closing it. */
export class SilenceGuard {
  readonly #limitMs: number;
  readonly #silent = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  get signal(): AbortSignal {
    return this.#silent.signal;
  }

  /** Begins to wait, or begins again. */
  heard(): void {
    this.stop();
    this.#timer = setTimeout(() => this.#silent.abort(), this.#limitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

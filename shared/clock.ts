/** One reading of both clocks. `monotonicMs` never jumps; its zero is arbitrary. `wallMs` is milliseconds since 1970. */
export interface Instant {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Time as a port: read once per pass, and waiting that an AbortSignal ends. */
export interface Clock {
  now(): Instant;
  /** Calls back once after `delayMs`; the returned function cancels and may be called twice. */
  after(delayMs: number, callback: () => void): () => void;
  /** Resolves after `delayMs`, or at once when the signal aborts (it never rejects: look at the signal). */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of the machine. Its timers do not keep a process alive by themselves. */
export const systemClock: Clock = {
  now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  sleep: (delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, delayMs);
      signal?.addEventListener('abort', finish, { once: true });
    }),
};

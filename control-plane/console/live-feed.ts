import { EventStreamParser } from './event-stream.js';
import type { FleetState } from './fleet-state.js';
import { type LiveMessage, readLiveMessage } from './live-message.js';
import { askWho, authorizationOf } from './session.js';
import { SilenceGuard } from './silence-guard.js';
import type { TokenStore } from './token-store.js';

/** The server says something every 15 s. */
const maxSilenceMs = 40_000;
const maxPauseMs = 10_000;

/**
 * Keeps `GET /api/v1/live` open and the state up to date. fetch instead of EventSource, which cannot send a token in
 * a header. After a loss it comes back with growing, jittered pauses; the overview then replaces everything.
 */
export class LiveFeed {
  readonly #state: FleetState;
  readonly #tokens: TokenStore;
  #stop: AbortController | undefined;

  constructor(state: FleetState, tokens: TokenStore) {
    this.#state = state;
    this.#tokens = tokens;
  }

  /** Begins anew, with the token that is stored now. */
  start(): void {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    this.#state.connection.value = 'connecting';
    const tick = () => this.#state.sample(Date.now());
    tick();
    const clock = setInterval(tick, 1000);
    stop.signal.addEventListener('abort', () => clearInterval(clock), { once: true });
    void this.#keepOpen(stop.signal).finally(() => stop.abort());
  }

  /** Ends it. May be called twice. */
  stop(): void {
    this.#stop?.abort();
  }

  async #keepOpen(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      const token = this.#tokens.read();
      const silence = new SilenceGuard(maxSilenceMs);
      try {
        silence.heard();
        const either = AbortSignal.any([signal, silence.signal]);
        const who = await askWho(token, either);
        if (signal.aborted) return;
        if (who === null) {
          this.#leave(token);
          return;
        }
        this.#state.who.value = who;
        const reply = await fetch('api/v1/live', { headers: authorizationOf(token), signal: either });
        if (signal.aborted) return;
        if (reply.status === 401 || reply.status === 403) {
          this.#leave(token);
          return;
        }
        if (reply.ok && reply.body !== null) {
          failures = 0;
          await this.#read(reply.body, silence);
        }
      } catch {
        // The network or the server went away: the loop below comes back.
      } finally {
        silence.stop();
      }
      if (signal.aborted) return;
      this.#state.connection.value = 'lost';
      await pause(Math.min(maxPauseMs, 500 * 2 ** failures) * (0.5 + Math.random() / 2));
    }
  }

  /** The server does not know whoever asks: a token that it does not take, or a session that is over or was never there. */
  #leave(token: string | null): void {
    this.#tokens.forget();
    this.#state.who.value = null;
    this.#state.connection.value = token === null ? 'signed-out' : 'refused';
  }

  async #read(body: ReadableStream<Uint8Array>, silence: SilenceGuard): Promise<void> {
    let arrived: LiveMessage[] = [];
    const parser = new EventStreamParser((name, data) => {
      const message = readLiveMessage(name, data);
      if (message !== undefined) arrived.push(message);
    });
    const reader = body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      silence.heard();
      parser.push(decoder.decode(value, { stream: true }));
      this.#state.take(arrived);
      arrived = [];
    }
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}

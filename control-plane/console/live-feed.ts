import type {
  DeviceView,
  Overview,
  ReleaseView,
  RolloutView,
  TimelineEvent,
} from '@bellwether/control-plane/http/operator-api';
import { EventStreamParser } from './event-stream.js';
import type { FleetState } from './fleet-state.js';

/** What the server sends, by the event's name. The server is ours and of one build with this page: its shapes are taken as given. */
interface LiveMessages {
  readonly overview: Overview;
  readonly device: DeviceView;
  readonly release: ReleaseView;
  readonly rollout: RolloutView;
  readonly event: TimelineEvent;
}

/**
 * Keeps `GET /api/v1/live` open and the state up to date. fetch instead of EventSource, which cannot send the token in
 * a header. After a loss it comes back with growing, jittered pauses; the overview then replaces everything.
 */
export class LiveFeed {
  readonly #state: FleetState;
  readonly #token: () => string | null;
  #stop: AbortController | undefined;

  constructor(state: FleetState, token: () => string | null) {
    this.#state = state;
    this.#token = token;
  }

  start(): void {
    this.#stop?.abort();
    const stop = new AbortController();
    this.#stop = stop;
    const clock = setInterval(() => this.#state.sample(Date.now()), 1000);
    stop.signal.addEventListener('abort', () => clearInterval(clock), { once: true });
    void this.#keepOpen(stop.signal);
  }

  async #keepOpen(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      const token = this.#token();
      if (token === null) {
        this.#state.connection.value = 'signed-out';
        return;
      }
      try {
        const reply = await fetch('api/v1/live', { headers: { authorization: `Bearer ${token}` }, signal });
        if (reply.status === 401 || reply.status === 403) {
          this.#state.connection.value = 'signed-out';
          return;
        }
        if (reply.ok && reply.body !== null) {
          failures = 0;
          this.#state.connection.value = 'live';
          await this.#read(reply.body);
        }
      } catch {
        // The network or the server went away: the loop below comes back.
      }
      if (signal.aborted) return;
      this.#state.connection.value = 'lost';
      await pause(Math.min(10_000, 500 * 2 ** failures) * (0.5 + Math.random() / 2));
    }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const parser = new EventStreamParser((name, data) => this.#take(name, data));
    const reader = body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.push(decoder.decode(value, { stream: true }));
    }
  }

  #take(name: string, data: string): void {
    const take: { readonly [Name in keyof LiveMessages]: (message: LiveMessages[Name]) => void } = {
      overview: (message) => this.#state.takeOverview(message),
      device: (message) => this.#state.takeDevice(message),
      release: (message) => this.#state.takeRelease(message),
      rollout: (message) => this.#state.takeRollout(message),
      event: (message) => this.#state.takeEvent(message),
    };
    if (Object.hasOwn(take, name)) take[name as keyof LiveMessages](JSON.parse(data) as never);
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}

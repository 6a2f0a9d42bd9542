import {
  type Outbox,
  OutboxError,
  type OutboxKind,
  type OutboxMessage,
  type OutboxRange,
  type OutboxState,
} from '../telemetry/outbox.js';

/** Bytes that wait at the most, as the disk's bound would be for one device of thousands. */
const maxBytes = 4 * 1024 * 1024;

/** What waits for the broker in a simulated device's memory; it survives the device's crashes, not the simulation. */
export class MemoryOutbox {
  readonly #waiting = new Map<string, OutboxMessage>();
  #next = 1;
  #bytes = 0;
  #lostWindows = 0;
  #lostEvents = 0;
  /** Windows that were put. */
  windowsPut = 0;
  /** Windows that the broker has acknowledged. */
  windowsTaken = 0;

  get state(): OutboxState {
    return {
      waiting: this.#waiting.size,
      bytes: this.#bytes,
      lostWindows: this.#lostWindows,
      lostEvents: this.#lostEvents,
    };
  }

  get windowsWaiting(): number {
    return [...this.#waiting.values()].filter(({ kind }) => kind === 'window').length;
  }

  put(kind: OutboxKind, payload: Uint8Array): void {
    const id = `${kind === 'event' ? 'e' : 'w'}/${String(this.#next++).padStart(12, '0')}`;
    this.#waiting.set(id, { id, kind, payload });
    this.#bytes += payload.byteLength;
    if (kind === 'window') this.windowsPut++;
    this.#evict();
  }

  read({ kind, after = '', before = '~', from }: OutboxRange, limit: number): readonly OutboxMessage[] {
    // A map keeps the order of storing, and so of the ids.
    const found = [...this.#waiting.values()].filter((one) => one.kind === kind && one.id > after && one.id < before);
    return (from === 'newest' ? found.toReversed() : found).slice(0, limit);
  }

  /** Forgets; `isLost` counts each one. */
  remove(ids: readonly string[], isLost: boolean): void {
    for (const id of ids) {
      const message = this.#waiting.get(id);
      if (message === undefined || !this.#waiting.delete(id)) continue;
      this.#bytes -= message.payload.byteLength;
      if (isLost) this.#lost(message.kind);
      else if (message.kind === 'window') this.windowsTaken++;
    }
  }

  /** The outbox of one life of the agent; what it puts after its end is lost with it, as by a kill. */
  open(): Outbox {
    let isOpen = true;
    const require = (): void => {
      if (!isOpen) throw new OutboxError('outbox-closed', 'this life of the device is over');
    };
    const during = async <T>(act: () => T): Promise<T> => {
      require();
      return act();
    };
    const state = (): OutboxState => this.state;
    return {
      get state() {
        return state();
      },
      isUnwritable: false,
      put: (kind, payload) => during(() => this.put(kind, payload)),
      read: (range, limit) => during(() => this.read(range, limit)),
      remove: (ids) => during(() => this.remove(ids, false)),
      lose: (ids) => during(() => this.remove(ids, true)),
      close: () => {
        isOpen = false;
        return Promise.resolve();
      },
    };
  }

  #evict(): void {
    while (this.#bytes > maxBytes) {
      const oldestOf = (kind: OutboxKind) => this.read({ kind, from: 'oldest' }, 1)[0];
      const gone = oldestOf('window') ?? oldestOf('event');
      if (gone === undefined) return;
      this.remove([gone.id], true);
    }
  }

  #lost(kind: OutboxKind): void {
    if (kind === 'window') this.#lostWindows++;
    else this.#lostEvents++;
  }
}

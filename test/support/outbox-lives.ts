import { Delivery } from '@bellwether/agent/telemetry/delivery';
import type { Outbox, OutboxKind } from '@bellwether/agent/telemetry/outbox';
import { openOutbox } from '@bellwether/agent/telemetry/outbox-level';
import { UplinkError } from '@bellwether/agent/uplink/uplink';
import { silentLog } from '@bellwether/shared/log';
import { ManualClock } from './manual-clock.js';
import { readAll } from './outbox-content.js';

/** What happens to a device's telemetry. `kill`: the process ends between any two of its operations, and the next begins. */
export type OutboxHappening =
  | { readonly does: 'put'; readonly kind: OutboxKind; readonly bytes: number }
  | { readonly does: 'connect' | 'drop' | 'kill' }
  /** How the broker takes publishes from now on; `swallow`: it has the message and the connection ends before it says so. */
  | { readonly does: 'broker'; readonly answer: 'take' | 'hang' | 'swallow' }
  | { readonly does: 'wait'; readonly ms: number };

/** What its outbox may hold: a dozen messages. */
export const outboxBytes = 6000;

/** One device over several lives: a real outbox on disk, the real delivery, and a broker that remembers what it has. */
export class OutboxLives {
  readonly #folder: string;
  readonly #clock = new ManualClock();
  readonly #dropped = new Set<() => void>();
  readonly put: string[] = [];
  readonly received = new Set<string>();
  readonly acknowledged = new Set<string>();
  #answer: 'take' | 'hang' | 'swallow' = 'take';
  #connected = false;
  #outbox: Outbox | undefined;
  #delivery: Delivery | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async happen(happening: OutboxHappening): Promise<void> {
    const { outbox, delivery } = await this.#life();
    switch (happening.does) {
      case 'put': {
        const text = `${happening.kind} ${this.put.length} ${'.'.repeat(happening.bytes)}`;
        this.put.push(text);
        await outbox.put(happening.kind, Buffer.from(text));
        void delivery.run();
        return;
      }
      case 'connect':
        this.#connected = true;
        void delivery.connected();
        return;
      case 'drop':
        this.#drop();
        return;
      case 'kill':
        return this.kill();
      case 'broker':
        this.#answer = happening.answer;
        return;
      case 'wait':
        await this.#clock.advance(happening.ms);
        await new Promise(setImmediate);
    }
  }

  /** What its outbox holds and has counted lost, in a new life. */
  async rest(): Promise<{
    readonly waiting: readonly string[];
    readonly lost: number;
    readonly counted: number;
    readonly bytes: number;
  }> {
    await this.kill();
    const { outbox } = await this.#life();
    const waiting = (await readAll(outbox)).map(({ payload }) => Buffer.from(payload).toString());
    const { lostWindows, lostEvents, waiting: counted, bytes } = outbox.state;
    await this.kill();
    return { waiting, lost: lostWindows + lostEvents, counted, bytes };
  }

  /** What was done so far is on disk, and nothing more happens in this life. */
  async kill(): Promise<void> {
    this.#delivery?.stop();
    this.#drop();
    await this.#outbox?.close();
    this.#delivery = undefined;
    this.#outbox = undefined;
  }

  async #life(): Promise<{ readonly outbox: Outbox; readonly delivery: Delivery }> {
    const clock = this.#clock;
    const limits = { maxBytes: outboxBytes, maxAgeMs: 3_600_000 };
    this.#outbox ??= await openOutbox({ folder: this.#folder, ...limits, clock, log: silentLog });
    this.#delivery ??= new Delivery({
      uplink: this.#uplink(),
      outbox: this.#outbox,
      backfill: { perSecond: 5, spreadMs: 2000 },
      clock,
      random: () => 0.5,
      log: silentLog,
      maxInFlight: 4,
    });
    return { outbox: this.#outbox, delivery: this.#delivery };
  }

  #uplink() {
    const isConnected = (): boolean => this.#connected;
    return {
      get connected() {
        return isConnected();
      },
      publish: async (_what: unknown, payload: Uint8Array): Promise<void> => {
        if (!this.#connected) throw new UplinkError('not-connected', 'not connected');
        const text = Buffer.from(payload).toString();
        if (this.#answer !== 'hang') this.received.add(text);
        if (this.#answer === 'swallow') this.#drop();
        if (this.#answer === 'hang') await new Promise<void>((resolve) => this.#dropped.add(resolve));
        if (this.#answer !== 'take') throw new UplinkError('closed', 'the connection has ended');
        this.acknowledged.add(text);
      },
    };
  }

  #drop(): void {
    this.#connected = false;
    for (const end of this.#dropped) end();
    this.#dropped.clear();
  }
}

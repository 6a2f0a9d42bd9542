import type { Clock, Instant } from '@bellwether/shared/clock';
import { compacted } from '@bellwether/shared/contract/compact';
import type { DeviceEvent, EventKind } from '@bellwether/shared/contract/event';
import type { Window } from '@bellwether/shared/contract/window';
import { encodeWindow } from '@bellwether/shared/contract/window-encoding';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { Uplink } from '../uplink/uplink.js';
import type { BackfillPace } from './backfill.js';
import { clockJumpMs, clockJumpText } from './clock-jump.js';
import { Delivery } from './delivery.js';
import type { HostMetrics } from './host-metrics.js';
import type { Outbox, OutboxKind } from './outbox.js';
import type { Recorder } from './recorder.js';
import { wallTime } from './wall-time.js';

export interface ReporterParts {
  readonly device: string;
  /** 128 random bits of this start of the agent, hex. */
  readonly runId: string;
  /** The machine's boot. */
  readonly bootId: string;
  readonly windowSeconds: number;
  /** Of windows and events, as they are stored and sent. */
  readonly encoding: 'json' | 'deflate';
  readonly recorder: Recorder;
  readonly host: HostMetrics;
  readonly outbox: Outbox;
  readonly backfill: BackfillPace;
  readonly uplink: Pick<Uplink, 'connected' | 'publish'>;
  /** What the server's signed time has become by now; undefined before the first. */
  readonly serverTimeMs: () => number | undefined;
  /** A window has closed, whatever becomes of it. */
  readonly onWindow?: (window: Window) => void;
  /** The disk takes telemetry no more, or takes it again. */
  readonly onDisk?: () => void;
  readonly clock: Clock;
  /** 0 … 1. */
  readonly random: () => number;
  readonly log: Log;
}

/** What an event says beside its kind; `message` is a sentence for people. */
export type EventDetails = Pick<DeviceEvent, 'message' | 'release' | 'code'>;

/** At most one event about lost telemetry in this time: an outbox that is full must not fill itself with complaints. */
const lossEventEveryMs = 3_600_000;
/** A window that is wanted at once comes no sooner than this after the one before. */
const soonestMs = 1000;
/** What a stopping agent gives the broker to take the last window; it is on disk anyway. */
const farewellMs = 2000;

/** Closes a window every interval, keeps windows and events in the outbox, and has them delivered [W-4, A-11]. */
export class Reporter {
  readonly #parts: ReporterParts;
  readonly #delivery: Delivery;
  #windowSeconds: number;
  #windows = 0;
  #events = 0;
  /** The last thing that was stored: everything is, one after the other. */
  #stored: Promise<void> = Promise.resolve();
  #cancelTimer: () => void = () => {};
  #state: 'new' | 'running' | 'stopped' = 'new';
  #closedAtMs = Number.NEGATIVE_INFINITY;
  #isSoon = false;
  /** Both clocks at the last look. */
  #looked: Instant;
  #toldLost = 0;
  #toldLostAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
    this.#windowSeconds = parts.windowSeconds;
    this.#looked = parts.clock.now();
    this.#delivery = new Delivery(parts);
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    const { lostWindows, lostEvents } = this.#parts.outbox.state;
    this.#toldLost = lostWindows + lostEvents;
    this.#schedule();
  }

  /** Stores the last window, gives the broker two seconds to take what waits, and leaves the outbox to be closed. May be called twice. */
  async stop(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'stopped';
    this.#cancelTimer();
    this.#closeWindow();
    await this.#stored;
    const isDone = new AbortController();
    const delivered = this.#delivery.run().then(() => isDone.abort());
    await Promise.race([delivered, this.#parts.clock.sleep(farewellMs, isDone.signal)]);
    this.#delivery.stop();
  }

  /** The connection is back: what waits is sent. */
  connected(): void {
    void this.#delivery.connected();
  }

  /** From now on; the window that is open ends that long from now at the latest. */
  setWindowSeconds(seconds: number): void {
    if (seconds === this.#windowSeconds) return;
    this.#windowSeconds = seconds;
    if (this.#state === 'running') this.#schedule();
  }

  /** This device suspects its canary: the window goes out now, or a second after the last one [W-3]. */
  closeSoon(): void {
    if (this.#state !== 'running' || this.#isSoon) return;
    this.#isSoon = true;
    this.#schedule(Math.max(0, this.#closedAtMs + soonestMs - this.#parts.clock.now().monotonicMs));
  }

  /** Tells of one thing that happened. It is stored in the order of the calls; failures are logged and counted. */
  event(kind: EventKind, details: EventDetails): void {
    const { device, runId, clock, serverTimeMs } = this.#parts;
    const event: DeviceEvent = {
      version: 1,
      device,
      runId,
      sequence: this.#events++,
      atMs: wallTime(clock.now().wallMs, serverTimeMs()).ms,
      kind,
      ...details,
      message: details.message.slice(0, 1000),
    };
    this.#store('event', () => Promise.resolve(JSON.stringify(event)));
  }

  #schedule(delayMs = this.#windowSeconds * 1000): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => {
      this.#isSoon = false;
      this.#schedule();
      this.#closeWindow();
    });
  }

  #closeWindow(): void {
    const { device, runId, bootId, recorder, host, outbox, clock, serverTimeMs, onWindow } = this.#parts;
    this.#closedAtMs = clock.now().monotonicMs;
    this.#tellLosses();
    this.#lookAtClock();
    this.#store('window', async () => {
      const measured = await host.measure();
      const about = { device, runId, bootId, sequence: this.#windows++ };
      const frame = { ...about, host: measured, outbox: outbox.state, serverMs: serverTimeMs() };
      const window = recorder.takeWindow(clock.now(), frame);
      onWindow?.(window);
      return encodeWindow(window);
    });
  }

  /** Windows and events go through one chain, so that each sees the outbox as the one before left it. */
  #store(kind: OutboxKind, make: () => Promise<string>): void {
    const { outbox, encoding, log, onDisk } = this.#parts;
    const wasUnwritable = outbox.isUnwritable;
    this.#stored = this.#stored
      .then(async () => {
        const json = await make();
        await outbox.put(kind, encoding === 'deflate' ? compacted(json) : Buffer.from(json));
      })
      .catch((error: unknown) =>
        log.error({ kind, err: messageOf(error) }, 'telemetry could not be stored; it is lost'),
      )
      .then(() => {
        if (outbox.isUnwritable !== wasUnwritable) onDisk?.();
      })
      .then(() => void this.#delivery.run());
  }

  #lookAtClock(): void {
    const before = this.#looked;
    this.#looked = this.#parts.clock.now();
    const jumpMs = clockJumpMs(before, this.#looked);
    if (jumpMs !== undefined) this.event('clock-jumped', { message: clockJumpText(jumpMs) });
  }

  #tellLosses(): void {
    const { outbox, clock } = this.#parts;
    const { lostWindows, lostEvents } = outbox.state;
    const lost = lostWindows + lostEvents - this.#toldLost;
    const nowMs = clock.now().monotonicMs;
    if (lost === 0 || nowMs - this.#toldLostAtMs < lossEventEveryMs) return;
    this.#toldLost += lost;
    this.#toldLostAtMs = nowMs;
    this.event('telemetry-lost', {
      message: `${lost} windows and events were lost on this device since the last word of it`,
    });
  }
}

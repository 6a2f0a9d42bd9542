import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '@bellwether/shared/clock';
import { type FleetTopic, fleetTopic } from '@bellwether/shared/contract/topics';
import type { Log } from '@bellwether/shared/log';
import { UsualCost } from '../limits/usual-cost.js';
import type { DeviceChannel } from '../messaging/device-channel.js';
import type { FleetNews, FleetSource } from './fleet-source.js';

/** What changes more often is told once. */
const batchMs = 1000;
/**
 * A kind that takes long to tell of (a rollout of thousands of devices) waits so many times as long: it gets 5 % of the process.
 * What counts is what it usually takes: a machine that stood still once delays no news by a minute.
 */
const restFactor = 19;
const maxRestMs = 60_000;
/** Everything is told again so often where it is another, and what has long ended is cleared. */
const sweepMs = 3_600_000;
/** What has ended is retained so long. */
export const endedKeptMs = 7 * 24 * 3_600_000;

interface FleetPublisherParts {
  readonly channel: Pick<DeviceChannel, 'publishRetained'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tells consumers about the fleet, on retained topics [W-2]. The rooms are the truth: the broker forgets at its stop, and is told again at the start [W-6]. */
export class FleetPublisher {
  readonly #parts: FleetPublisherParts;
  readonly #sources = new Map<FleetTopic, FleetSource>();
  /** By topic, what the broker retains. */
  readonly #told = new Map<string, string>();
  readonly #changed = new Map<FleetTopic, Set<string> | 'all'>();
  readonly #costs = new Map<FleetTopic, UsualCost>();
  /** Monotonic milliseconds, by kind. */
  readonly #restsUntilMs = new Map<FleetTopic, number>();
  #isRunning = false;
  #cancelBatch: (() => void) | undefined;
  #cancelSweep: (() => void) | undefined;
  /** One after the other: two messages of one topic must not overtake each other. */
  #work: Promise<void> = Promise.resolve();

  constructor(parts: FleetPublisherParts) {
    this.#parts = parts;
  }

  /** Names the room that a kind of topics is about; before the start. */
  add(what: FleetTopic, source: FleetSource): void {
    this.#sources.set(what, source);
  }

  /** Tells everything; resolves when the broker has it. */
  async start(): Promise<void> {
    this.#isRunning = true;
    this.#sweep();
    await this.#work;
  }

  /** Something is another: told within a second, where telling is quick. Without an id: anything of this kind. Nothing before the start, which tells all. */
  changed(what: FleetTopic, id?: string): void {
    if (!this.#isRunning) return;
    const known = this.#changed.get(what);
    if (id === undefined || known === 'all') this.#changed.set(what, 'all');
    else this.#changed.set(what, (known ?? new Set<string>()).add(id));
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#cancelBatch?.();
    this.#cancelBatch = undefined;
    this.#cancelSweep?.();
    await this.#work;
    this.#told.clear();
  }

  #sweep(): void {
    for (const what of this.#sources.keys()) this.#changed.set(what, 'all');
    this.#tellChanged();
    this.#cancelSweep = this.#parts.clock.after(sweepMs, () => this.#sweep());
  }

  #schedule(): void {
    this.#cancelBatch ??= this.#parts.clock.after(batchMs, () => {
      this.#cancelBatch = undefined;
      this.#tellChanged();
    });
  }

  #tellChanged(): void {
    const { monotonicMs } = this.#parts.clock.now();
    const due = [...this.#changed].filter(([what]) => (this.#restsUntilMs.get(what) ?? 0) <= monotonicMs);
    for (const [what] of due) this.#changed.delete(what);
    if (this.#changed.size > 0) this.#schedule();
    this.#work = this.#work.then(async () => {
      for (const [what, ids] of due) await this.#tellKind(what, ids);
    });
  }

  async #tellKind(what: FleetTopic, ids: ReadonlySet<string> | 'all'): Promise<void> {
    const { clock, log } = this.#parts;
    const startedMs = clock.now().monotonicMs;
    try {
      if (ids === 'all') await this.#tellAll(what);
      else for (const id of ids) await this.#tell(what, id, this.#sources.get(what)?.of(id));
    } catch (cause) {
      log.error({ err: cause, what }, 'Consumers could not be told; the next change tries again');
    }
    const endedMs = clock.now().monotonicMs;
    const cost = this.#costs.get(what) ?? new UsualCost();
    this.#costs.set(what, cost);
    const restMs = restFactor * cost.took(endedMs - startedMs);
    this.#restsUntilMs.set(what, endedMs + Math.min(maxRestMs, restMs));
  }

  async #tellAll(what: FleetTopic): Promise<void> {
    const gone = new Set([...this.#told.keys()].filter((topic) => topic.startsWith(fleetTopic(what, ''))));
    for (const [id, news] of this.#sources.get(what)?.all() ?? []) {
      gone.delete(fleetTopic(what, id));
      await this.#tell(what, id, news);
      await turn();
    }
    for (const topic of gone) await this.#retain(topic, undefined);
  }

  #tell(what: FleetTopic, id: string, news: FleetNews | undefined): Promise<void> {
    const { wallMs } = this.#parts.clock.now();
    const isOver = news === undefined || (news.endedAtMs !== null && news.endedAtMs + endedKeptMs <= wallMs);
    return this.#retain(fleetTopic(what, id), isOver ? undefined : JSON.stringify(news.document));
  }

  /** Undefined: clears it. MQTT 3.1.1 §3.3.1.3: an empty retained message removes the one before. */
  async #retain(topic: string, text: string | undefined): Promise<void> {
    if (this.#told.get(topic) === text) return;
    await this.#parts.channel.publishRetained(topic, Buffer.from(text ?? ''));
    if (text === undefined) this.#told.delete(topic);
    else this.#told.set(topic, text);
  }
}

import type { Database, Transaction } from 'better-sqlite3';
import type { DeviceEvent } from '@bellwether/shared/contract/event';
import type { Presence } from '@bellwether/shared/contract/presence';
import type { Report } from '@bellwether/shared/contract/report';
import type { Window } from '@bellwether/shared/contract/window';
import type { TelemetrySummary } from '../http/operator-api.js';
import type { CloneAlert } from '../http/status-api.js';
import { noTimeline, type Timeline } from '../timeline/timeline-entry.js';
import type { Decoded } from './device-message.js';
import { LossStoreSql } from './loss-store-sql.js';
import { OldTelemetrySql } from './old-telemetry-sql.js';
import { ReceiptStoreSql } from './receipt-store-sql.js';
import type { RejectedList } from './rejected-api.js';
import { RejectedStoreSql } from './rejected-store-sql.js';
import { SystemChangesSql } from './system-changes-sql.js';
import type { Arrival, Outcome, Retention, TelemetryStore } from './telemetry-store.js';
import { TrimmedWindowsSql } from './trimmed-windows-sql.js';

type Of<Kind extends Decoded['kind']> = Extract<Decoded, { kind: Kind }>;

type Counter = 'windows-received' | 'windows-duplicate' | 'windows-rejected' | 'events-received' | 'unknown-fields';

/** Where the counters of rollouts go. */
export interface EvidenceSink {
  add(device: string, window: Pick<Window, 'evidence' | 'arms'>, arrivedAtMs: number): void;
  /** Deletes what nobody decides by any more; answers how many rows. */
  trim(beforeMs: number, rows: number): number;
}
const noEvidence: EvidenceSink = { add: () => {}, trim: () => 0 };

/** Telemetry in SQLite with prepared statements: the hot path [S-2]. */
export class TelemetryStoreSql implements TelemetryStore {
  readonly #commitAll: Transaction<(arrivals: readonly Arrival[]) => Outcome[]>;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #receipts: ReceiptStoreSql;
  readonly #systems: SystemChangesSql;
  readonly #losses: LossStoreSql;
  readonly #rejected: RejectedStoreSql;
  readonly #old: OldTelemetrySql;
  readonly #trimmed: TrimmedWindowsSql;
  readonly #evidence: EvidenceSink;
  readonly #timeline: Timeline;
  /** Of the transaction that runs. */
  readonly #counts = new Map<Counter, number>();

  /** `evidence`: adds a new window's counters up, within the transaction that stores it. `timeline`: where events go, the same. */
  constructor(db: Database, evidence: EvidenceSink = noEvidence, timeline: Timeline = noTimeline) {
    this.#evidence = evidence;
    this.#timeline = timeline;
    this.#statements = prepare(db);
    this.#receipts = new ReceiptStoreSql(db);
    this.#systems = new SystemChangesSql(db, timeline);
    this.#trimmed = new TrimmedWindowsSql(db);
    this.#losses = new LossStoreSql(db, this.#trimmed);
    this.#rejected = new RejectedStoreSql(db);
    this.#old = new OldTelemetrySql(db, this.#trimmed);
    this.#commitAll = db.transaction((arrivals: readonly Arrival[]) => {
      const outcomes = arrivals.map((arrival) => this.#store(arrival));
      this.#writeCounts();
      return outcomes;
    });
  }

  commit(arrivals: readonly Arrival[]): Outcome[] {
    this.#counts.clear();
    return this.#commitAll.immediate(arrivals);
  }

  summary(): TelemetrySummary {
    const counters = new Map(this.#statements.counters.all().map(({ name, value }) => [name, value]));
    return {
      windowsReceived: counters.get('windows-received') ?? 0,
      windowsDuplicate: counters.get('windows-duplicate') ?? 0,
      windowsRejected: counters.get('windows-rejected') ?? 0,
      eventsReceived: counters.get('events-received') ?? 0,
      ...this.#losses.summary(),
      unknownFields: counters.get('unknown-fields') ?? 0,
    };
  }

  clones(): CloneAlert[] {
    return this.#statements.clones.all();
  }

  rejected(): RejectedList['messages'] {
    return this.#rejected.newest();
  }

  trim({ windowsBeforeMs, eventsBeforeMs, runsBeforeMs, rejectedMessages, rowsPerPass }: Retention): number {
    return Math.max(
      this.#old.trimWindows(windowsBeforeMs, rowsPerPass),
      this.#old.trimEvents(eventsBeforeMs, rowsPerPass),
      this.#rejected.trim(rejectedMessages),
      this.#receipts.trim(eventsBeforeMs, rowsPerPass),
      this.#evidence.trim(eventsBeforeMs, rowsPerPass),
      this.#losses.forgetRuns(runsBeforeMs, rowsPerPass),
    );
  }

  shedWindows(rows: number, beforeMs: number): number {
    return this.#old.shedWindows(rows, beforeMs);
  }

  #store(arrival: Arrival): Outcome {
    const outcome = 'rejected' in arrival ? this.#reject(arrival) : this.#storeDecoded(arrival.decoded, arrival);
    if (outcome === 'stored' && 'decoded' in arrival) this.#count('unknown-fields', arrival.decoded.unknownFields);
    if (arrival.slowed === true) this.#tellSlowed(arrival);
    this.#statements.seen.run(arrival.arrivedAtMs, arrival.device);
    return outcome;
  }

  #storeDecoded(decoded: Decoded, arrival: Arrival): Outcome {
    switch (decoded.kind) {
      case 'window':
        return this.#storeWindow(decoded, arrival);
      case 'event':
        return this.#storeEvent(decoded, arrival);
      case 'report':
        this.#storeReport(decoded, arrival);
        return 'stored';
      case 'presence':
        this.#storePresence(decoded.value, arrival);
        return 'stored';
    }
  }

  #storeReport({ value, json }: Of<'report'>, { device, arrivedAtMs }: Arrival): void {
    const { runId: run, sequence } = value;
    const { changes } = this.#statements.report.run({ device, json, run, sequence });
    this.#judgeReceipt(value, arrivedAtMs);
    // What came late says nothing of what the device runs on now.
    if (changes > 0) this.#systems.reported(value, arrivedAtMs);
  }

  /** Told when it is another than before. */
  #storePresence({ state, runId }: Presence, { device, arrivedAtMs }: Arrival): void {
    const before = this.#statements.present.get(device)?.presence;
    const { changes } = this.#statements.presence.run({ device, state, run: runId });
    if (changes === 0 || before === state) return;
    const message = state === 'online' ? 'it is connected' : 'its connection ended';
    const key = { source: `server-${state}`, run: runId, sequence: arrivedAtMs };
    this.#timeline.add({ key, kind: `device-${state}`, atMs: arrivedAtMs, arrivedAtMs, device, message });
  }

  /** A report counts whatever its receipt says: it came over the device's own session. What is wrong with the receipt is an event [T-12]. */
  #judgeReceipt(report: Report, atMs: number): void {
    const { device, runId, sequence } = report;
    const outcome = this.#receipts.take(report, atMs);
    if ('refused' in outcome) {
      if (outcome.refused === 'missing') return; // the device says so itself when it could not keep one
      const { refused: code, message } = outcome;
      this.#insertEvent(
        'server-receipt',
        { device, runId, sequence, atMs, kind: 'receipt-refused', code, message },
        '',
        atMs,
      );
    } else if (outcome.verdict === 'clone') {
      const message = `receipt ${outcome.number} has a twin: two machines hold this device's key, or one was set back`;
      this.#insertEvent('server-clone', { device, runId, sequence, atMs, kind: 'clone', message }, '', atMs);
    }
  }

  #storeWindow({ value: window, json, digest }: Of<'window'>, { device, arrivedAtMs }: Arrival): Outcome {
    const { insertWindow, windowDigest } = this.#statements;
    const { runId, sequence } = window;
    const wasHere = this.#trimmed.holds(device, runId, sequence);
    if (!wasHere && insertWindow.run(device, runId, sequence, digest, arrivedAtMs, json).changes === 1) {
      this.#losses.arrived(device, window, arrivedAtMs);
      this.#count('windows-received');
      if (window.evidence !== undefined) this.#evidence.add(device, window, arrivedAtMs);
      return 'stored';
    }
    if (wasHere || windowDigest.get(device, runId, sequence)?.digest === digest) {
      this.#count('windows-duplicate');
      return 'duplicate';
    }
    return this.#conflict('window', { ...window, atMs: arrivedAtMs }, arrivedAtMs);
  }

  #storeEvent({ value: event, digest }: Of<'event'>, { device, arrivedAtMs }: Arrival): Outcome {
    const { runId, sequence } = event;
    if (this.#insertEvent('device', event, digest, arrivedAtMs)) {
      this.#count('events-received');
      return 'stored';
    }
    const same = this.#statements.eventDigest.get(device, runId, sequence)?.digest === digest;
    return same ? 'duplicate' : this.#conflict('event', event, arrivedAtMs);
  }

  /** One event per key, however often the other content comes. */
  #conflict(
    what: 'window' | 'event',
    key: Pick<DeviceEvent, 'device' | 'runId' | 'sequence' | 'atMs'>,
    arrivedAtMs: number,
  ): Outcome {
    const event = {
      ...key,
      kind: `${what}-conflict`,
      message: `other content came for ${what} ${key.sequence} of run ${key.runId}; the first one stands`,
    };
    this.#insertEvent(`server-${what}`, event, '', arrivedAtMs);
    return 'conflict';
  }

  #insertEvent(source: string, event: Omit<DeviceEvent, 'version'>, digest: string, arrivedAtMs: number): boolean {
    const { runId: run, sequence } = event;
    return this.#timeline.add({ ...event, key: { source, run, sequence }, digest, arrivedAtMs });
  }

  #reject(arrival: Extract<Arrival, { rejected: string }>): Outcome {
    this.#rejected.add(arrival);
    if (arrival.what === 'window') this.#count('windows-rejected');
    return 'rejected';
  }

  #tellSlowed({ device, arrivedAtMs }: Arrival): void {
    const key = { source: 'server-flood', run: 'flood', sequence: arrivedAtMs };
    const message = 'it sends faster than is taken, and is slowed down';
    this.#timeline.add({ key, kind: 'device-flooding', atMs: arrivedAtMs, arrivedAtMs, device, message });
  }

  #count(counter: Counter, by = 1): void {
    this.#counts.set(counter, (this.#counts.get(counter) ?? 0) + by);
  }

  #writeCounts(): void {
    for (const [counter, by] of this.#counts) if (by > 0) this.#statements.count.run(counter, by);
  }
}

/** Every statement of the hot path, prepared once. */
function prepare(db: Database) {
  return {
    insertWindow: db.prepare<[string, string, number, string, number, string]>(
      `insert into windows (device, run_id, sequence, digest, arrived_at_ms, body) values (?, ?, ?, ?, ?, ?)
       on conflict do nothing`,
    ),
    windowDigest: db.prepare<[string, string, number], { digest: string }>(
      'select digest from windows where device = ? and run_id = ? and sequence = ?',
    ),
    eventDigest: db.prepare<[string, string, number], { digest: string }>(
      `select digest from events where device = ? and source = 'device' and run_id = ? and sequence = ?`,
    ),
    // The same rules as applyChange in fleet/device.ts, for the copy that survives a restart.
    report: db.prepare<[{ device: string; json: string; run: string; sequence: number }]>(
      `update devices set report = @json where id = @device and
       (report is null or report ->> 'runId' <> @run or report ->> 'sequence' < @sequence)`,
    ),
    presence: db.prepare<[{ device: string; state: string; run: string }]>(
      `update devices set presence = @state, presence_run_id = @run where id = @device and
       not (@state = 'offline' and presence = 'online' and presence_run_id <> @run)`,
    ),
    present: db.prepare<[string], { presence: string }>('select presence from devices where id = ?'),
    seen: db.prepare<[number, string]>('update devices set last_seen_ms = ? where id = ?'),
    count: db.prepare<[Counter, number]>(
      `insert into counters (name, value) values (?, ?) on conflict do update set value = value + excluded.value`,
    ),
    counters: db.prepare<[], { name: string; value: number }>('select name, value from counters'),
    // Asked at every look at the server's status: the index `events_of_clones` holds these rows only.
    clones: db.prepare<[], CloneAlert>(
      `select device, max(at_ms) as atMs from events where source = 'server-clone' group by device order by atMs desc`,
    ),
  };
}

import { setImmediate as turn } from 'node:timers/promises';
import type { Device } from '@bellwether/control-plane/fleet/device';
import { Fleet } from '@bellwether/control-plane/fleet/fleet';
import { FleetStoreSql } from '@bellwether/control-plane/fleet/fleet-store-sql';
import type { RolloutRequest, RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { OrderStoreSql } from '@bellwether/control-plane/orders/order-store-sql';
import { Orders } from '@bellwether/control-plane/orders/publish';
import { Conductor } from '@bellwether/control-plane/rollouts/conductor';
import { DeviceHoldStoreSql } from '@bellwether/control-plane/rollouts/device-hold-store-sql';
import { DeviceHolds } from '@bellwether/control-plane/rollouts/device-holds';
import { EvidenceStoreSql } from '@bellwether/control-plane/rollouts/evidence-store-sql';
import { LookHistoryStoreSql } from '@bellwether/control-plane/rollouts/look-history-store-sql';
import { NeighbourStoreSql } from '@bellwether/control-plane/rollouts/neighbour-store-sql';
import { RolloutStoreSql } from '@bellwether/control-plane/rollouts/rollout-store-sql';
import { VerdictArchive } from '@bellwether/control-plane/rollouts/verdict-archive';
import { VerdictStoreSql } from '@bellwether/control-plane/rollouts/verdict-store-sql';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import { systemClock } from '@bellwether/shared/clock';
import type { EvidenceWindow } from '@bellwether/shared/contract/evidence-window';
import { decodeOrder, maxOrderBytes, type Order } from '@bellwether/shared/contract/order';
import type { CanaryReport, Report } from '@bellwether/shared/contract/report';
import type { ArmWindow } from '@bellwether/shared/contract/window';
import { silentLog } from '@bellwether/shared/log';
import { openEnvelope } from '@bellwether/shared/signing/envelope';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import { FakeCatalog } from './catalog.js';
import { type TestDatabase, temporaryDatabase } from './database.js';
import { ManualClock } from './manual-clock.js';
import { quietCells } from './quiet-cells.js';
import { RecordedAudit } from './recorded-audit.js';
import { storedDevice } from './stored-device.js';
import { armOf, reportOf, windowOf } from './telemetry-messages.js';

const director = generateKeyPair();
const firstRun = '0'.repeat(32);

/** What a canary did in a window, beside stable. */
export interface Calls {
  readonly stable: number;
  readonly canary: number;
  readonly errors?: { readonly stable: number; readonly canary: number };
}

/** One that can be waited for. */
class CountedOrders extends Orders {
  /** Orders that are being made. */
  pending = 0;

  override async ensure(...order: Parameters<Orders['ensure']>): Promise<void> {
    this.pending++;
    await super.ensure(...order).finally(() => {
      this.pending--;
    });
  }
}

/** The rooms around the conductor on a real database, with devices that report what a test says. */
export class ConductorWorld {
  readonly catalog = new FakeCatalog();
  readonly database: TestDatabase;
  readonly audit = new RecordedAudit();
  clock = new ManualClock();
  /** Of each device. */
  callsPerSecond = 0;
  /** Devices and rollouts that are shown otherwise than before. */
  readonly announced: string[] = [];
  fleet: Fleet;
  orders: CountedOrders;
  holds: DeviceHolds;
  conductor: Conductor;
  #telemetry: TelemetryStoreSql;
  #sequence = 0;
  /** What the broker retains. */
  readonly #received = new Map<string, Uint8Array>();

  private constructor(database: TestDatabase) {
    this.database = database;
    ({
      fleet: this.fleet,
      orders: this.orders,
      holds: this.holds,
      conductor: this.conductor,
      telemetry: this.#telemetry,
    } = this.#build());
  }

  static async start(path?: ':memory:'): Promise<ConductorWorld> {
    const world = new ConductorWorld(await temporaryDatabase(path));
    await world.#start();
    return world;
  }

  async stop(): Promise<void> {
    this.conductor.stop();
    await this.database.remove();
  }

  /** A server that starts on the database again; the one before is as dead as by kill -9: it stored, and did no more. */
  async restart(): Promise<void> {
    this.conductor.stop();
    ({
      fleet: this.fleet,
      orders: this.orders,
      holds: this.holds,
      conductor: this.conductor,
      telemetry: this.#telemetry,
    } = this.#build());
    await this.#start();
  }

  /** A device that is in and online, and has said nothing. */
  async join(name: string, labels: Record<string, string> = {}): Promise<string> {
    const id = `${name}-0123456789abcdef`;
    const enrolledAtMs = this.clock.now().wallMs;
    const { publicKey } = generateKeyPair();
    const device = storedDevice({ id, publicKey, labels, enrolledAtMs, presence: 'online' });
    await this.fleet.add(device);
    await this.conductor.joined(id);
    return id;
  }

  /** The operator decommissions it. */
  async leave(id: string): Promise<void> {
    await this.fleet.decide(id, { standing: 'decommissioned' });
    await this.orders.withdraw(id);
    this.conductor.left();
  }

  /** It comes or goes, and says nothing. */
  async present(id: string, isOnline: boolean): Promise<void> {
    const state = isOnline ? 'online' : 'offline';
    const runId = this.fleet.get(id).presenceRunId ?? firstRun;
    this.fleet.apply(id, { seenAtMs: this.clock.now().wallMs, presence: { version: 1, runId, state } });
    await this.conductor.heardFrom(id);
  }

  /** The entry of the newest order that the device has received. */
  receives(id: string, model = 'digits'): Order['models'][string] | undefined {
    const envelope = this.#received.get(id);
    if (envelope === undefined || envelope.length === 0) return undefined;
    return decodeOrder(openEnvelope('order', envelope, [director.publicKey], maxOrderBytes).payload).models[model];
  }

  /** Until every order is out that has been begun. */
  async settled(): Promise<void> {
    do await turn();
    while (this.orders.pending > 0);
    await turn();
  }

  create(release: string, more: Partial<RolloutRequest> = {}): Promise<RolloutView> {
    return this.conductor.create({ release, to: { all: true }, ...more });
  }

  /** The entry of a device's order. */
  ordered(id: string, model = 'digits'): Order['models'][string] | undefined {
    return this.orders.of(id)?.models[model];
  }

  /** The device says that it serves what it was ordered, its canary in this state. */
  async report(id: string, state: CanaryReport['state'] = 'ready', changes: Partial<Report> = {}): Promise<void> {
    const order = this.orders.of(id);
    const models = Object.entries(order?.models ?? {}).map(([model, { stable, canary }]) => ({
      model,
      serving: { ...stable, sinceMs: 0, phase: 'settled' as const },
      install: null,
      refusal: null,
      ...(canary !== undefined && { canary: { ...canary, state, segment: 1 } }),
    }));
    const observed =
      order === undefined ? null : { epoch: order.epoch, generation: order.generation, digest: order.digest };
    this.#sequence++;
    const report = reportOf({ device: id, sequence: this.#sequence, observed, models, ...changes });
    const presence = { version: 1, device: id, runId: report.runId, state: 'online' } as const;
    this.fleet.apply(id, { seenAtMs: this.clock.now().wallMs, report, presence });
    await this.conductor.heardFrom(id);
    await this.clock.advance(100);
  }

  /** A window of the device's canary, as it is ordered now, stored as the ingest stores it; `changes` are what else it says. */
  window(
    id: string,
    { stable, canary: calls, errors }: Calls,
    changes: Partial<EvidenceWindow> = {},
    arms: ArmWindow[] = [],
  ): void {
    const entry = this.ordered(id);
    if (entry?.canary === undefined) throw new Error(`${id} has no canary`);
    const { rollout, step, mode, share, manifest } = entry.canary;
    const evidence: EvidenceWindow = {
      rollout,
      step,
      mode,
      share,
      model: 'digits',
      segment: 1,
      startedAtMs: this.clock.now().wallMs,
      stable: entry.stable.manifest,
      canary: manifest,
      calls: { stable, canary: calls },
      runnerMs: { stable: 1000, canary: 1000 },
      labelled: { stable: 0, canary: 0 },
      cells: { error: errors ?? { stable: 0, canary: 0 }, ...quietCells(mode, share) },
      both: {},
      slowMicros: {},
      ...changes,
    };
    this.store(id, evidence, 1, arms);
  }

  /** Both arms of the window answer with these classes, so many rows in a call; the latencies, in microseconds, are the same. */
  answers(id: string, classes: { readonly stable: number[]; readonly canary: number[] }, rows = 1): void {
    const entry = this.ordered(id);
    const total = (of: readonly number[]) => of.reduce((sum, count) => sum + count, 0);
    const arm = (name: 'stable' | 'canary', manifest: string) => {
      const latencies = Array.from({ length: total(classes[name]) }, () => 2000);
      const arm = name === 'canary' && entry?.canary?.mode === 'shadow' ? 'shadow' : name;
      return armOf(latencies, { arm, manifest, segment: 1, classes: classes[name] });
    };
    const arms = [arm('stable', entry?.stable.manifest ?? ''), arm('canary', entry?.canary?.manifest ?? '')];
    this.window(id, { stable: total(classes.stable) / rows, canary: total(classes.canary) / rows }, {}, arms);
  }

  /** Stores a window with this evidence, twice if asked: as when the acknowledgement was lost. */
  store(id: string, evidence: EvidenceWindow, times = 1, arms: readonly ArmWindow[] = []): void {
    this.#sequence++;
    const window = windowOf({ device: id, sequence: this.#sequence, evidence: [evidence], arms: [...arms] });
    const decoded = decodeMessage(id, 'window', Buffer.from(JSON.stringify(window)));
    const arrivedAtMs = Math.floor(this.clock.now().wallMs);
    for (let time = 0; time < times; time++) {
      const [outcome] = this.#telemetry.commit([{ device: id, what: 'window', arrivedAtMs, decoded }]);
      if (outcome === 'stored') this.conductor.counted(id, window, arrivedAtMs);
    }
  }

  /** A minute of a device without a canary, which began then: its stable calls computed so long, microseconds. */
  quietMinute(id: string, latencies: readonly number[], wallStartMs: number): void {
    this.#sequence++;
    const arm = armOf(latencies, { manifest: this.ordered(id)?.stable.manifest ?? '' });
    const times = { wallStartMs, wallEndMs: wallStartMs + 60_000 };
    const window = windowOf({ device: id, sequence: this.#sequence, ...times, arms: [arm] });
    const decoded = decodeMessage(id, 'window', Buffer.from(JSON.stringify(window)));
    this.#telemetry.commit([{ device: id, what: 'window', arrivedAtMs: Math.floor(this.clock.now().wallMs), decoded }]);
  }

  #build() {
    const { database, catalog, audit, clock } = this;
    const { kysely, sqlite } = database;
    const fleet = new Fleet(new FleetStoreSql(database));
    const history = new LookHistoryStoreSql(sqlite);
    const evidence = new EvidenceStoreSql(sqlite, history);
    const neighbours = new NeighbourStoreSql(sqlite);
    const holds = new DeviceHolds(new DeviceHoldStoreSql(kysely));
    const common = { log: silentLog, catalog, audit, changed: (what: string) => void this.announced.push(what) };
    const orders = new CountedOrders({
      inquiries: () => [],
      ...common,
      clock: systemClock,
      store: new OrderStoreSql(sqlite, systemClock),
      channel: {
        publishOrder: async (device, envelope) => {
          this.#received.set(device, envelope);
        },
      },
      directors: () => [director],
    });
    const archive = new VerdictArchive({
      store: new VerdictStoreSql(sqlite),
      keys: () => [director],
      codeVersion: '0.0.0',
      log: silentLog,
    });
    const store = new RolloutStoreSql(kysely, sqlite, history);
    const conductor = new Conductor({
      ...common,
      clock,
      store,
      evidence,
      history,
      neighbours,
      holds,
      archive,
      fleet,
      orders,
      callsPerSecond: () => this.callsPerSecond,
    });
    return { fleet, orders, holds, conductor, telemetry: new TelemetryStoreSql(sqlite, evidence) };
  }

  async #start(): Promise<void> {
    await this.fleet.start();
    await this.orders.start();
    // As the fleet's room does it: what stands for a device that was put out is no order.
    const isOut = ({ standing }: Device): boolean => standing === 'decommissioned';
    for (const { id } of this.fleet.all().filter(isOut)) await this.orders.withdraw(id);
    await this.conductor.start();
  }
}

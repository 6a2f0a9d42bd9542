import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { SeriesReply } from '@bellwether/control-plane/telemetry/series-api';
import { fillDayOfSeries } from '../support/day-of-series.js';
import { FleetProcesses, residentBytes } from '../support/fleet-process.js';
import { FrozenConsumer } from '../support/frozen-consumer.js';
import { bareAedesRate, hasMosquitto, mosquittoRate, startLoad } from '../support/ingest-peers.js';
import type { LoadResult } from '../support/window-load.js';
import { enrolLoad } from '../support/window-load-setup.js';
import { type Bench, type BenchOptions, type BenchResult, quantile, type Report } from './bench.js';
import { bytesOnTheWire } from './window-bytes.js';

const connections = 50;
/** Windows of each connection in one measurement. */
const whole = { windows: 1200, rounds: 3, queries: 200, devices: 1000 };
const quick = { windows: 200, rounds: 1, queries: 30, devices: 100 };

export const bench: Bench = {
  name: 'ingest',
  title:
    'Windows of 1.8 kB, watched values in each, from 50 devices, acknowledged when they are stored with their series',
  comparesWith: 'the same messages through bare aedes, and through mosquitto',
  run: runIngest,
};

async function runIngest(report: Report, { isQuick }: BenchOptions): Promise<BenchResult> {
  const sizes = isQuick ? quick : whole;
  const durable = await ours(sizes, report);
  const load = { logins: durable.logins, windows: sizes.windows };
  const bare = await bareAedesRate(load);
  report(`bare aedes to one subscriber: ${bare.toFixed(0)} windows/s`);
  const counted = hasMosquitto() ? await mosquittoRate(load, 'counts') : null;
  const insertedRate = hasMosquitto() ? await mosquittoRate(load, 'inserts') : null;
  report(
    counted === null
      ? 'mosquitto is not installed: node tools/debian-packages.mjs mosquitto mosquitto-clients'
      : `mosquitto to mosquitto_sub: ${counted.toFixed(0)} windows/s; the same into SQLite ${insertedRate?.toFixed(0)}`,
  );
  const queryP95Ms = await queries(sizes, report);
  const bytes = bytesOnTheWire();
  const { windowsPerSecond } = durable;
  const perSecond = (what: string, theirs: number | null) => {
    const ratio = theirs === null ? null : windowsPerSecond / theirs;
    return { what, ours: windowsPerSecond, theirs, unit: '/s', ratio };
  };
  return {
    figures: {
      windowsPerSecond,
      ratioToBareAedes: windowsPerSecond / bare,
      ratioToMosquitto: counted === null ? null : windowsPerSecond / counted,
      ratioToMosquittoInserted: insertedRate === null ? null : windowsPerSecond / insertedRate,
      acknowledgedLost: durable.acknowledgedLost,
      storedTwice: durable.storedTwice,
      serverRssMb: durable.rssMb,
      serverRssFrozenConsumerMb: durable.rssFrozenMb,
      ...bytes,
      queryP95Ms,
    },
    comparisons: [
      {
        ...perSecond('stored, rolled up, acknowledged; beside bare aedes', bare),
        bar: '≥ 8000/s',
        met: windowsPerSecond >= 8000,
      },
      perSecond('beside mosquitto → mosquitto_sub', counted),
      perSecond('beside mosquitto → mosquitto_sub → insert', insertedRate),
      limit('acknowledged and lost after kill -9', durable.acknowledgedLost, 0, ''),
      limit('stored twice after kill -9', durable.storedTwice, 0, ''),
      limit('bytes of a device and day', bytes.bytesPerDeviceDay / 1e6, 2, 'MB'),
      limit('the same, deflated', bytes.bytesPerDeviceDayCompact / 1e6, 1, 'MB'),
      limit('bytes of an hour with a canary', bytes.bytesPerCanaryHour / 1e6, 1.5, 'MB'),
      limit('p95 of fleet p99 by release over 24 h', queryP95Ms, 150, 'ms'),
    ],
  };
}

function limit(what: string, value: number, bar: number, unit: string) {
  return { what, ours: value, theirs: null, unit, ratio: null, bar: `≤ ${bar} ${unit}`.trim(), met: value <= bar };
}

async function ours({ windows, rounds }: typeof whole, report: Report) {
  // Fifty devices stand for thousands: none of them is to be slowed down.
  const fleet = await FleetProcesses.start(['digits'], '--device-messages', '100000');
  try {
    const { port, logins } = await enrolLoad(fleet, connections);
    const load = await startLoad(port, logins);
    const rates: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const { seconds, acknowledged } = await load.ask<LoadResult>({ from: round * windows, windows });
      rates.push(sum(acknowledged) / seconds);
      report(`round ${round + 1}: ${rates.at(-1)?.toFixed(0)} windows/s stored and acknowledged`);
    }
    const rssMb = residentBytes(fleet.serverPid) / 1e6;
    const consumer = await FrozenConsumer.start(fleet, port);
    await load.ask<LoadResult>({ from: rounds * windows, windows });
    const rssFrozenMb = residentBytes(fleet.serverPid) / 1e6;
    consumer.stop();
    report(`server: ${rssMb.toFixed(0)} MB; with a consumer that reads nothing ${rssFrozenMb.toFixed(0)} MB`);

    const before = (rounds + 1) * windows;
    const flight = load.ask<LoadResult>({ from: before, windows });
    await fleet.untilStored(connections * (before + windows / 4));
    await fleet.stopServer('SIGKILL');
    const { acknowledged } = await flight;
    await load.stop();
    await fleet.startServer();
    const found = await reconcile(
      fleet,
      logins.map(({ device }, i) => ({ device, least: before + (acknowledged[i] ?? 0) })),
    );
    report(
      `kill -9: ${sum(acknowledged)} were acknowledged in that flight; ${found.acknowledgedLost} lost, ${found.storedTwice} twice`,
    );
    return { logins, windowsPerSecond: quantile(rates, 0.5), rssMb, rssFrozenMb, ...found };
  } finally {
    await fleet.stop();
  }
}

/** What is stored against what was acknowledged, as rows and as their sum in the series: neither may be less, and the sum not more. */
async function reconcile(
  fleet: FleetProcesses,
  devices: readonly { readonly device: string; readonly least: number }[],
) {
  const database = new BetterSqlite3(join(fleet.data, 'bellwether.sqlite'), { readonly: true });
  const count = database.prepare<[string], { all: number; highest: number }>(
    'select count(*) as "all", max(sequence) as highest from windows where device = ?',
  );
  const stored = devices.map(({ device }) => count.get(device)?.all ?? 0);
  database.close();
  const lost = devices.map(({ least }, i) => Math.max(0, least - (stored[i] ?? 0)));
  const from = Date.now() - 6 * 3_600_000;
  const { series } = await fleet.api<SeriesReply>(`/telemetry/series?metric=requests&step=all&from=${from}`);
  const rolledUp = (series[0]?.points[0]?.[1] ?? 0) / 600;
  return {
    acknowledgedLost: sum(lost) + Math.max(0, sum(stored) - rolledUp),
    storedTwice: Math.max(0, rolledUp - sum(stored)),
  };
}

async function queries({ queries: count, devices }: typeof whole, report: Report): Promise<number> {
  const fleet = await FleetProcesses.start(['digits']);
  try {
    await fleet.stopServer();
    fillDayOfSeries(join(fleet.data, 'bellwether.sqlite'), devices);
    await fleet.startServer();
    const times: number[] = [];
    for (let i = 0; i < count; i++) {
      const startedMs = performance.now();
      await fleet.api<SeriesReply>('/telemetry/series?metric=total-p99&by=release');
      times.push(performance.now() - startedMs);
    }
    const p95 = quantile(times, 0.95);
    report(`fleet p99 by release over 24 h of ${devices} devices: p95 ${p95.toFixed(1)} ms`);
    return p95;
  } finally {
    await fleet.stop();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

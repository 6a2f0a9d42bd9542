import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyRollUp } from '@bellwether/control-plane/telemetry/roll-up';
import { RollUpStoreSql } from '@bellwether/control-plane/telemetry/roll-up-store-sql';
import { hostSeries, type Series } from '@bellwether/control-plane/telemetry/series';
import type { SeriesQuery } from '@bellwether/control-plane/telemetry/series-api';
import { planSeries } from '@bellwether/control-plane/telemetry/series-plan';
import { SeriesReaderSql } from '@bellwether/control-plane/telemetry/series-reader-sql';
import { emptyHistogram, record } from '@bellwether/shared/evidence/histogram';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { deviceId } from '../../support/telemetry-messages.js';

const hour = 3_600_000;
const nowMs = 500_000 * hour;

let database: TestDatabase;
let reader: SeriesReaderSql;

/** What was counted in one hour. */
function sumOf(requests: number, latencyMicros: number) {
  const total = emptyHistogram();
  for (let i = 0; i < requests; i++) record(total, latencyMicros);
  return { ...emptyRollUp(), counts: new Map([['requests', requests]]), histograms: new Map([['total', total]]) };
}

beforeAll(async () => {
  database = await temporaryDatabase(':memory:');
  const store = new RollUpStoreSql(database.sqlite);
  const series = (scope: string, version: string, arm: Series['arm'] = 'stable') => ({
    scope,
    model: 'digits',
    version,
    arm,
  });
  const at = (hours: number) => nowMs - hours * hour;
  store.add(
    {
      fleet: [
        { series: series('', '1.0.0'), atMs: at(2), sum: sumOf(99, 1000) },
        { series: series('', '1.1.0', 'canary'), atMs: at(2), sum: sumOf(1, 9000) },
        { series: series('', '1.1.0'), atMs: at(1), sum: sumOf(10, 2000) },
        { series: series('', '1.1.0', 'shadow'), atMs: at(1), sum: sumOf(10, 9000) },
        { series: series('hardware=pi', '1.1.0'), atMs: at(1), sum: sumOf(4, 2000) },
        { series: series('hardware=jetson', '1.1.0'), atMs: at(1), sum: sumOf(6, 2000) },
        { series: hostSeries(''), atMs: at(1), sum: emptyRollUp() },
      ],
      devices: [
        { series: series(deviceId, '1.1.0'), atMs: at(1), sum: sumOf(4, 2000) },
        { series: series('other-0123456789abcdef', '1.1.0'), atMs: at(1), sum: sumOf(6, 2000) },
      ],
    },
    1,
  );
  database.sqlite.exec(`insert into rollout_members (rollout, device, body) values (3, '${deviceId}', '{}')`);
  reader = new SeriesReaderSql(database.sqlite);
});
afterAll(() => database.remove());

const devices = [deviceId, 'other-0123456789abcdef'].map((id) => ({ id, labels: {} }));
const ask = (query: SeriesQuery) => reader.read(planSeries(query, { nowMs, labelKeys: ['hardware'], devices }));
const named = (query: SeriesQuery) =>
  ask(query).map(({ release, arm, label, device, points }) => [
    release ?? arm ?? label ?? device,
    points.map(([, value]) => value),
  ]);

describe('series', () => {
  it('are one of everything that answered; a shadow answers nobody', () => {
    expect(named({ metric: 'requests' })).toEqual([[null, [100, 10]]]);
    expect(named({ metric: 'requests', step: 'all' })).toEqual([[null, [110]]]);
    expect(named({ metric: 'requests', arm: 'shadow' })).toEqual([[null, [10]]]);
  });

  it('are divided by release, arm, label and device', () => {
    expect(named({ metric: 'requests', by: 'release' })).toEqual([
      ['digits@1.0.0', [99]],
      ['digits@1.1.0', [1, 10]],
    ]);
    expect(named({ metric: 'requests', by: 'arm' })).toEqual([
      ['canary', [1]],
      ['stable', [99, 10]],
    ]);
    expect(named({ metric: 'requests', by: 'label:hardware' })).toEqual([
      ['hardware=jetson', [6]],
      ['hardware=pi', [4]],
    ]);
    expect(named({ metric: 'requests', by: 'device' })).toHaveLength(2);
  });

  it('are of one release, device, label or rollout', () => {
    expect(named({ metric: 'requests', version: '1.0.0' })).toEqual([[null, [99]]]);
    expect(named({ metric: 'requests', device: deviceId })).toEqual([[null, [4]]]);
    expect(named({ metric: 'requests', label: 'hardware=pi' })).toEqual([[null, [4]]]);
    expect(named({ metric: 'requests', rollout: 'r3' })).toEqual([[null, [4]]]);
    expect(named({ metric: 'requests', rollout: 'r4' })).toEqual([]);
  });

  it('have true quantiles, in milliseconds, and nothing where nothing was measured', () => {
    const [, [p50]] = named({ metric: 'total-p50', step: 'all' })[0] as [null, [number]];
    expect(p50).toBeCloseTo(1, 1);
    expect(named({ metric: 'compute-p99' })).toEqual([[null, []]]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyRollUp } from '@bellwether/control-plane/telemetry/roll-up';
import { RollUpStoreSql } from '@bellwether/control-plane/telemetry/roll-up-store-sql';
import { hostSeries, type Series } from '@bellwether/control-plane/telemetry/series';
import type { SeriesQuery } from '@bellwether/control-plane/telemetry/series-api';
import { planSeries } from '@bellwether/control-plane/telemetry/series-plan';
import { SeriesThread } from '@bellwether/control-plane/telemetry/series-thread-sql';
import { systemClock } from '@bellwether/shared/clock';
import { emptyHistogram, record } from '@bellwether/shared/evidence/histogram';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { deviceId } from '../../support/telemetry-messages.js';

const hour = 3_600_000;
const nowMs = 500_000 * hour;

let database: TestDatabase;
let thread: SeriesThread;

/** What was counted in one hour. */
function sumOf(requests: number, latencyMicros: number) {
  const total = emptyHistogram();
  for (let i = 0; i < requests; i++) record(total, latencyMicros);
  return { ...emptyRollUp(), counts: new Map([['requests', requests]]), histograms: new Map([['total', total]]) };
}

beforeAll(async () => {
  database = await temporaryDatabase();
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
  thread = new SeriesThread(database.sqlite.name, systemClock);
});
afterAll(async () => {
  await thread.stop();
  await database.remove();
});

const devices = [deviceId, 'other-0123456789abcdef'].map((id) => ({ id, labels: {} }));
const ask = (query: SeriesQuery) => thread.read(planSeries(query, { nowMs, labelKeys: ['hardware'], devices }));
const named = async (query: SeriesQuery) =>
  (await ask(query)).map(({ release, arm, label, device, points }) => [
    release ?? arm ?? label ?? device,
    points.map(([, value]) => value),
  ]);

describe('series, read in a thread of their own', () => {
  it('are one of everything that answered; a shadow answers nobody', async () => {
    expect(await named({ metric: 'requests' })).toEqual([[null, [100, 10]]]);
    expect(await named({ metric: 'requests', step: 'all' })).toEqual([[null, [110]]]);
    expect(await named({ metric: 'requests', arm: 'shadow' })).toEqual([[null, [10]]]);
  });

  it('are divided by release, arm, label and device', async () => {
    expect(await named({ metric: 'requests', by: 'release' })).toEqual([
      ['digits@1.0.0', [99]],
      ['digits@1.1.0', [1, 10]],
    ]);
    expect(await named({ metric: 'requests', by: 'arm' })).toEqual([
      ['canary', [1]],
      ['stable', [99, 10]],
    ]);
    expect(await named({ metric: 'requests', by: 'label:hardware' })).toEqual([
      ['hardware=jetson', [6]],
      ['hardware=pi', [4]],
    ]);
    expect(await named({ metric: 'requests', by: 'device' })).toHaveLength(2);
  });

  it('are of one release, device, label or rollout', async () => {
    expect(await named({ metric: 'requests', version: '1.0.0' })).toEqual([[null, [99]]]);
    expect(await named({ metric: 'requests', device: deviceId })).toEqual([[null, [4]]]);
    expect(await named({ metric: 'requests', label: 'hardware=pi' })).toEqual([[null, [4]]]);
    expect(await named({ metric: 'requests', rollout: 'r3' })).toEqual([[null, [4]]]);
    expect(await named({ metric: 'requests', rollout: 'r4' })).toEqual([]);
  });

  it('have true quantiles, in milliseconds, and nothing where nothing was measured', async () => {
    const [, [p50]] = (await named({ metric: 'total-p50', step: 'all' }))[0] as [null, [number]];
    expect(p50).toBeCloseTo(1, 1);
    expect(await named({ metric: 'compute-p99' })).toEqual([[null, []]]);
  });

  it('go on after the thread was ended', async () => {
    await thread.stop();
    expect(await named({ metric: 'requests', step: 'all' })).toEqual([[null, [110]]]);
  });

  it('are refused while too many questions wait', async () => {
    const asked = Array.from({ length: 33 }, () => ask({ metric: 'requests' }));
    const results = await Promise.allSettled(asked);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    await expect(asked[32]).rejects.toMatchObject({ code: 'series-timeout' });
  });
});

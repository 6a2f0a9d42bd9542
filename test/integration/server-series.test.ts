import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeriesReply } from '@bellwether/control-plane/telemetry/series-api';
import type { FleetDevice } from '../support/fleet-device.js';
import { startServer, type TestServer } from '../support/server.js';
import { armOf, bytesOf, windowOf } from '../support/telemetry-messages.js';

let server: TestServer;
let devices: readonly FleetDevice[] = [];
/** The start of the minute in which the windows end. */
const minuteMs = Math.floor(Date.now() / 60_000) * 60_000 - 120_000;

beforeAll(async () => {
  server = await startServer();
  await server.publishDigits('1.0.0');
  devices = [await server.enrolled('fast', { site: 'a' }), await server.enrolled('slow', { site: 'b' })];
  // 99 quick calls here and one slow one there: a mean of the devices' p99 would be half of the truth.
  for (const [i, device] of devices.entries()) {
    const client = await device.connect();
    const latencies = i === 0 ? Array.from({ length: 98 }, () => 1000) : [100_000, 100_000];
    const wall = { wallStartMs: minuteMs, wallEndMs: minuteMs + 30_000 };
    const window = windowOf({ device: device.id, ...wall, arms: [armOf(latencies)] });
    await client.publishAsync(device.topic('window'), bytesOf(window), { qos: 1 });
    await client.endAsync();
  }
});
afterAll(() => server.stop());

const ask = (query: string) => server.read<SeriesReply>(`/telemetry/series?from=${minuteMs - 3_600_000}&${query}`);

async function values(query: string): Promise<number[]> {
  return (await ask(query)).series.flatMap(({ points }) => points.map(([, value]) => value));
}

describe('series over HTTP', () => {
  it('have every window that was acknowledged', async () => {
    expect(await values('metric=requests&step=all')).toEqual([100]);
  });

  it('are of all calls together, with their unit, at the minute in which the window ended', async () => {
    const reply = await ask('metric=total-p99&step=minute');
    expect(reply).toMatchObject({ metric: 'total-p99', unit: 'ms', step: 'minute', cursor: null });
    const [point] = reply.series[0]?.points ?? [];
    expect(point?.[0]).toBe(minuteMs);
    expect(point?.[1]).toBeGreaterThan(98);
    expect(point?.[1]).toBeLessThan(102);
  });

  it.each([
    ['by release', 'metric=requests&step=all&by=release', [100]],
    ['of a label', 'metric=requests&step=all&label=site=b', [2]],
    ['of a device', `metric=requests&step=all&device=DEVICE`, [98]],
    ['of a release that nobody serves', 'metric=requests&step=all&model=digits&version=9.9.9', []],
  ])('are %s', async (_what, query, expected) => {
    expect(await values(query.replace('DEVICE', devices[0]?.id ?? ''))).toEqual(expected);
  });

  it('by label are told apart', async () => {
    const { series } = await ask('metric=requests&step=all&by=label:site');
    const sums = new Map(series.map(({ label, points }) => [label, points[0]?.[1]]));
    expect(sums).toEqual(
      new Map([
        ['site=a', 98],
        ['site=b', 2],
      ]),
    );
  });

  it('are CSV as well, a line a point', async () => {
    const reply = await server.api(
      `/telemetry/series.csv?metric=requests&step=minute&by=release&from=${minuteMs - 60_000}`,
    );
    expect(reply.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(await reply.text()).toBe(
      `time,metric,unit,release,arm,label,device,value\r\n${new Date(minuteMs).toISOString()},requests,1,digits@1.0.0,,,,100\r\n`,
    );
  });

  it.each([
    ['metric=sorrow', 'query-invalid'],
    ['metric=requests&more=1', 'query-invalid'],
    ['metric=requests&from=5&to=4', 'series-impossible'],
    ['metric=requests&label=room=7', 'series-impossible'],
    ['metric=memory-used-p99&arm=stable', 'series-impossible'],
    ['metric=requests&by=device&step=minute', 'series-impossible'],
  ])('are refused: %s is %s', async (query, code) => {
    for (const route of ['series', 'series.csv']) {
      const reply = await server.api(`/telemetry/${route}?${query}`);
      const status = code === 'query-invalid' ? 400 : 422;
      expect([reply.status, ((await reply.json()) as { readonly code: string }).code]).toEqual([status, code]);
    }
  });
});

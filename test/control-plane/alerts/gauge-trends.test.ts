import { afterEach, describe, expect, it } from 'vitest';
import { defaultRules } from '@bellwether/control-plane/alerts/alert-rule';
import type { GaugeQuestion } from '@bellwether/control-plane/alerts/gauge-page';
import { GaugePastSql } from '@bellwether/control-plane/alerts/gauge-past-sql';
import { GaugeTrends } from '@bellwether/control-plane/alerts/gauge-trends';
import { decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import type { Window } from '@bellwether/shared/contract/window';
import { silentLog } from '@bellwether/shared/log';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { seededDice } from '../../support/dice.js';
import { ManualClock } from '../../support/manual-clock.js';
import { bytesOf, deviceId, windowOf } from '../../support/telemetry-messages.js';

const day = 1440;
let database: TestDatabase | undefined;
afterEach(async () => {
  await database?.remove();
  database = undefined;
});

/** A device whose windows are stored, as the ingest does it, and then taken; the minutes count from the clock's start on. */
async function watched() {
  database = await temporaryDatabase(':memory:');
  const clock = new ManualClock();
  const startMinute = Math.floor(clock.now().wallMs / 60_000);
  const store = new TelemetryStoreSql(database.sqlite);
  const gauges = new GaugePastSql(database.sqlite);
  const past = (asked: GaugeQuestion) => Promise.resolve(gauges.page(asked));
  const trends = new GaugeTrends({ rules: defaultRules, isMember: () => true, past, clock, log: silentLog });
  const windowAt = (minute: number, host: Partial<Window['host']>): Window => {
    const wallEndMs = (startMinute + minute) * 60_000;
    const whole = windowOf();
    return {
      ...whole,
      sequence: minute + 100_000,
      wallStartMs: wallEndMs - 60_000,
      wallEndMs,
      host: { ...whole.host, ...host },
    };
  };
  const stored = (window: Window): void => {
    const decoded = decodeMessage(deviceId, 'window', bytesOf(window));
    store.commit([{ device: deviceId, what: 'window', arrivedAtMs: window.wallEndMs, decoded }]);
  };
  const take = async (minute: number, host: Partial<Window['host']>): Promise<void> => {
    const window = windowAt(minute, host);
    stored(window);
    await clock.advance(window.wallEndMs - clock.now().wallMs);
    trends.take(window, window.wallEndMs);
  };
  const readings = (of = trends) => [...of.readings(clock.now().wallMs)];
  /** Another start of the server, over the same windows. */
  const again = (maxFollowed?: number) => {
    const parts = { rules: defaultRules, isMember: () => true, past, clock, log: silentLog };
    return new GaugeTrends({ ...parts, ...(maxFollowed !== undefined && { maxFollowed }) });
  };
  return { clock, trends, take, stored, windowAt, readings, again };
}

/** 70 °C with noise, and so many degrees more a minute from minute 0 on. */
function temperatures(slope: number) {
  const dice = seededDice(7);
  return (minute: number) => ({ temperatureC: 70 + 2 * (dice() - 0.5) + Math.max(0, minute) * slope });
}

describe('GaugeTrends', () => {
  it('announces the limit of a gauge that rises, by what it was before the server began, and goes on after the next start', async () => {
    const { trends, stored, take, windowAt, readings, clock, again } = await watched();
    const host = temperatures(10 / 90);
    for (let minute = -5 * day; minute < 0; minute++) stored(windowAt(minute, host(minute)));
    let announced: number | undefined;
    for (let minute = 0; minute < 90 && announced === undefined; minute++) {
      await take(minute, host(minute));
      // The past is read a page at a time, each with a later turn of promises, not of the loop.
      if (minute === 0) await new Promise(setImmediate);
      if (readings().some(({ value }) => value !== null)) announced = minute;
    }
    expect(announced).toBeLessThan(60);
    const [reading] = readings();
    expect(reading).toMatchObject({ rule: 'temperature-trend', device: deviceId, detail: 'its limit is 80 °C' });
    expect((announced ?? 0) + (reading?.value ?? 0)).toBeGreaterThan(60);
    expect((announced ?? 0) + (reading?.value ?? 0)).toBeLessThan(140);
    expect(reading?.forecast?.atMs).toBeGreaterThan(clock.now().wallMs);
    trends.stop();
    // The server starts anew: what was announced goes on, and ends when nothing has spoken for it for half an hour.
    const resumed = again();
    const sinceMs = reading?.sinceMs ?? 0;
    resumed.resume({ rule: 'temperature-trend', device: deviceId, sinceMs });
    expect(readings(resumed)).toMatchObject([{ rule: 'temperature-trend', value: null }]);
    const next = async (temperatureC: number): Promise<void> => {
      await clock.advance(60_000);
      const { wallMs } = clock.now();
      resumed.take({ ...windowAt(0, { temperatureC }), wallEndMs: wallMs }, wallMs);
    };
    // A sample that would announce nothing ends nothing.
    await next(62);
    expect(readings(resumed)).toHaveLength(1);
    await next(78);
    const [told] = readings(resumed);
    expect(told?.sinceMs).toBe(sinceMs);
    expect(told?.forecast).toBeDefined();
    let minutes = 0;
    for (; readings(resumed).length > 0 && minutes < 120; minutes++) await next(62);
    expect(minutes).toBeGreaterThan(29);
    expect(minutes).toBeLessThan(60);
    resumed.stop();
  });

  it('holds nothing of a gauge that is far from its limit, and follows it when it rises', async () => {
    const { trends, take } = await watched();
    for (let minute = 0; minute < 30; minute++) await take(minute, { temperatureC: 30 });
    expect(trends.followed).toBe(0);
    await take(30, { temperatureC: 36 });
    expect(trends.followed).toBe(1);
    for (let minute = 31; minute < 300; minute++) await take(minute, { temperatureC: 30 });
    expect(trends.followed).toBe(0);
    trends.stop();
  });

  it('follows what rises instead of what only is high where no more can be followed', async () => {
    const { windowAt, readings, again, clock } = await watched();
    const trends = again(1);
    const rising = 'pi-00000000000000ff';
    let announced: readonly (string | null)[] = [];
    for (let minute = 0; minute < 600 && announced.length === 0; minute++) {
      await clock.advance(60_000);
      const take = (device: string, temperatureC: number): void => {
        const { wallMs } = clock.now();
        trends.take({ ...windowAt(0, { temperatureC }), device, wallEndMs: wallMs }, wallMs);
      };
      take(deviceId, 60);
      take(rising, 42 + minute / 8);
      expect(trends.followed).toBe(1);
      announced = readings(trends).map(({ device }) => device);
    }
    expect(announced).toEqual([rising]);
    trends.stop();
  });

  it('is silent about a temperature that swings as it does every day', async () => {
    const { trends, stored, take, windowAt, readings } = await watched();
    const host = (minute: number) => ({ temperatureC: 65 + 12 * Math.sin((2 * Math.PI * minute) / day) });
    for (let minute = -6 * day; minute < 0; minute++) stored(windowAt(minute, host(minute)));
    for (let minute = 0; minute < 400; minute++) {
      await take(minute, host(minute));
      expect(readings()).toEqual([]);
    }
    trends.stop();
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHostMetrics, readBootId } from '@bellwether/agent/telemetry/host-metrics-os';
import { findThermometer } from '@bellwether/agent/telemetry/host-metrics-os-thermometer';
import { systemClock } from '@bellwether/shared/clock';
import { ManualClock } from '../../support/manual-clock.js';

/** What this process has used of a core, and the time that has passed, since the call. */
function startOfUse(): () => { readonly usedMs: number; readonly passedMs: number } {
  const startMs = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { usedMs: (user + system) / 1000, passedMs: performance.now() - startMs };
  };
}

describe('the host metrics', () => {
  it('measures this process: what it uses of a core while it is busy', async () => {
    const host = await openHostMetrics({ stateFolder: tmpdir(), clock: systemClock, runners: () => [] });
    // On a machine with other work, time that passes is not time on a core; and it may pass between any two lines.
    const outer = startOfUse();
    await host.measure();
    const inner = startOfUse();
    let sum = 0;
    while (inner().usedMs < 100) sum += Math.sqrt(sum + 1);
    const least = inner();
    const busy = await host.measure();
    const most = outer();
    expect(busy.agentCpuPct).toBeGreaterThan((90 * least.usedMs) / most.passedMs);
    expect(busy.agentCpuPct).toBeLessThan((110 * most.usedMs) / least.passedMs);
    expect(busy.agentRssBytes).toBeGreaterThan(10_000_000);
    expect(busy.memoryAvailableBytes).toBeLessThanOrEqual(busy.memoryTotalBytes);
    expect(busy.diskFreeBytes).toBeGreaterThan(0);
    expect(busy.diskFreeBytes).toBeLessThanOrEqual(busy.diskTotalBytes);
    expect(busy.cores).toBeGreaterThan(0);
  });

  it('adds up the runners, counts a new one from its start, and never less than nothing', async () => {
    const clock = new ManualClock();
    const up = new Map([[11, { cpuMicros: 1_000_000, computeMicros: 5, rssBytes: 100 }]]);
    const model = { manifest: { runtime: { intraOpThreads: 2 } } };
    const runners = () => [...up].map(([pid, usage]) => ({ pid, usage: () => usage, model }));
    const host = await openHostMetrics({ stateFolder: tmpdir(), clock, runners });
    await clock.advance(10_000);
    expect((await host.measure()).runnersCpuPct).toBeCloseTo(10);
    await clock.advance(10_000);
    up.set(11, { cpuMicros: 1_500_000, computeMicros: 5, rssBytes: 100 });
    up.set(12, { cpuMicros: 500_000, computeMicros: 0, rssBytes: 50 });
    const both = await host.measure();
    expect(both.runnersCpuPct).toBeCloseTo(10);
    expect(both.runnersRssBytes).toBe(150);
    up.delete(12);
    await clock.advance(10_000);
    expect((await host.measure()).runnersCpuPct).toBe(0);
  });

  it('has the processor times of every process, with the threads that calls take', async () => {
    const usage = { cpuMicros: 7, computeMicros: 5, rssBytes: 1 };
    const runner = { pid: 11, usage: () => usage, model: { manifest: { runtime: { intraOpThreads: 2 } } } };
    const host = await openHostMetrics({ stateFolder: tmpdir(), clock: systemClock, runners: () => [runner] });
    const { agentMicros, runners } = host.processors();
    expect(agentMicros).toBeGreaterThan(0);
    expect(runners).toEqual(new Map([[11, { ...usage, threads: 2 }]]));
  });

  it('does without a disk that does not answer', async () => {
    const host = await openHostMetrics({ stateFolder: '/nowhere', clock: systemClock, runners: () => [] });
    expect(await host.measure()).toMatchObject({ diskTotalBytes: 0, diskFreeBytes: 0 });
  });

  it('knows the boot', async () => {
    expect(await readBootId()).toMatch(/^[0-9a-f-]{36}$/);
    expect(await readBootId()).toBe(await readBootId());
  });
});

describe('the thermometer', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bellwether-sys-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };

  it('reads the zone of the processor, not that of the battery', async () => {
    await put('thermal/thermal_zone0/type', 'battery\n');
    await put('thermal/thermal_zone0/temp', '21000\n');
    await put('thermal/thermal_zone1/type', 'cpu-thermal\n');
    await put('thermal/thermal_zone1/temp', '47774\n');
    const thermometer = await findThermometer(folder);
    expect(await thermometer?.read()).toBe(47.774);
    await rm(join(folder, 'thermal'), { recursive: true });
    expect(await thermometer?.read()).toBeNull();
  });

  it('falls back to hwmon', async () => {
    await put('thermal/thermal_zone0/type', 'iwlwifi\n');
    await put('thermal/thermal_zone0/temp', '30000\n');
    await put('hwmon/hwmon2/name', 'k10temp\n');
    await put('hwmon/hwmon2/temp1_input', '61125\n');
    expect(await (await findThermometer(folder))?.read()).toBe(61.125);
  });

  it('is none where there is none', async () => {
    expect(await findThermometer(folder)).toBeUndefined();
    await put('thermal/thermal_zone0/type', 'cpu-thermal\n');
    await put('thermal/thermal_zone0/temp', 'nonsense\n');
    expect(await findThermometer(folder)).toBeUndefined();
  });
});

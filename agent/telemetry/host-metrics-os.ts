import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { Clock } from '@bellwether/shared/clock';
import type { HostWindow } from '@bellwether/shared/contract/window';
import type { RuntimeOptions } from '@bellwether/shared/models/manifest';
import type { Runner } from '../inference/engine.js';
import type { HostMetrics } from './host-metrics.js';
import { findThermometer, type Thermometer } from './host-metrics-os-thermometer.js';
import type { ProcessorTimes } from './own-cpu.js';

export interface HostMetricsOptions {
  /** Its filesystem is the one that counts. */
  readonly stateFolder: string;
  readonly clock: Clock;
  /** The runners that are up now. */
  readonly runners: () => Iterable<MeasuredRunner>;
}

/** What is measured of a runner; its release says how many threads its calls take. */
interface MeasuredRunner extends Pick<Runner, 'pid' | 'usage'> {
  readonly model: { readonly manifest: { readonly runtime: Pick<RuntimeOptions, 'intraOpThreads'> } };
}

/** Opens the measuring of this machine, by node:os, /proc and /sys; it starts no processes. */
export async function openHostMetrics(options: HostMetricsOptions): Promise<HostMetrics> {
  return new HostMetricsOs(options, await findThermometer('/sys/class'));
}

/** The kernel's id of this boot of the machine; `unknown` where there is no /proc. */
export async function readBootId(): Promise<string> {
  try {
    return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  } catch {
    // Not Linux, or a chroot without /proc: windows still have their run id.
    return 'unknown';
  }
}

class HostMetricsOs implements HostMetrics {
  readonly #options: HostMetricsOptions;
  readonly #thermometer: Thermometer | undefined;
  #measuredAtMs: number;
  #agentMicros = agentCpuMicros();
  #runnerMicros = new Map<number, number>();

  constructor(options: HostMetricsOptions, thermometer: Thermometer | undefined) {
    this.#options = options;
    this.#thermometer = thermometer;
    this.#measuredAtMs = options.clock.now().monotonicMs;
  }

  processors(): ProcessorTimes {
    const runners = [...this.#options.runners()].map((runner) => {
      return [runner.pid, { ...runner.usage(), threads: runner.model.manifest.runtime.intraOpThreads }] as const;
    });
    return { agentMicros: agentCpuMicros(), runners: new Map(runners) };
  }

  async measure(): Promise<HostWindow> {
    const nowMs = this.#options.clock.now().monotonicMs;
    const elapsedMicros = Math.max(1, (nowMs - this.#measuredAtMs) * 1000);
    this.#measuredAtMs = nowMs;
    const agentMicros = agentCpuMicros();
    const agentCpuPct = ((agentMicros - this.#agentMicros) / elapsedMicros) * 100;
    this.#agentMicros = agentMicros;
    const runners = this.#measureRunners();
    const [disk, temperatureC] = await Promise.all([
      diskOf(this.#options.stateFolder),
      this.#thermometer?.read() ?? null,
    ]);
    return {
      cores: availableParallelism(),
      agentCpuPct: hundredths(agentCpuPct),
      runnersCpuPct: hundredths((runners.cpuMicros / elapsedMicros) * 100),
      agentRssBytes: process.memoryUsage.rss(),
      runnersRssBytes: runners.rssBytes,
      load1: loadavg()[0] ?? 0,
      memoryTotalBytes: totalmem(),
      memoryAvailableBytes: freemem(),
      ...disk,
      temperatureC: temperatureC === null ? null : Math.round(temperatureC * 10) / 10,
    };
  }

  /** CPU since the last look. A runner that came since counts from its start; the last piece of one that went is lost. */
  #measureRunners(): { readonly cpuMicros: number; readonly rssBytes: number } {
    const seen = new Map<number, number>();
    let cpuMicros = 0;
    let rssBytes = 0;
    for (const runner of this.#options.runners()) {
      const usage = runner.usage();
      seen.set(runner.pid, usage.cpuMicros);
      cpuMicros += Math.max(0, usage.cpuMicros - (this.#runnerMicros.get(runner.pid) ?? 0));
      rssBytes += usage.rssBytes;
    }
    this.#runnerMicros = seen;
    return { cpuMicros, rssBytes };
  }
}

/** Nobody reads more digits, and each is a byte of every window. */
function hundredths(percent: number): number {
  return Math.round(percent * 100) / 100;
}

function agentCpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function diskOf(folder: string): Promise<Pick<HostWindow, 'diskTotalBytes' | 'diskFreeBytes'>> {
  try {
    const { blocks, bavail, bsize } = await statfs(folder);
    return { diskTotalBytes: blocks * bsize, diskFreeBytes: bavail * bsize };
  } catch {
    // The folder is gone or its filesystem does not answer: a window without a disk is better than no window.
    return { diskTotalBytes: 0, diskFreeBytes: 0 };
  }
}

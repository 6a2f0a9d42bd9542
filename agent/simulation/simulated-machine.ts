import type { Machine } from '@bellwether/shared/contract/report';
import type { HostWindow } from '@bellwether/shared/contract/window';
import type { ProcessorTimes } from '../telemetry/own-cpu.js';

const megabyte = 1024 ** 2;

/** What a simulated machine measures on itself: nothing that depends on the real one. */
export const host: HostWindow = {
  cores: 4,
  agentCpuPct: 1,
  runnersCpuPct: 0,
  agentRssBytes: 100 * megabyte,
  runnersRssBytes: 0,
  load1: 0,
  memoryTotalBytes: 4096 * megabyte,
  memoryAvailableBytes: 2048 * megabyte,
  diskTotalBytes: 16_384 * megabyte,
  diskFreeBytes: 8192 * megabyte,
  temperatureC: null,
};

/** Its processes are one real one, whose time is nobody's measure. */
export const processors: ProcessorTimes = { agentMicros: 0, runners: new Map() };

/** What a simulated machine says that it is. */
export const machine: Machine = {
  hardware: 'simulated',
  cpu: 'simulated',
  cores: host.cores,
  memoryBytes: host.memoryTotalBytes,
  os: 'simulated',
  kernel: 'simulated',
};

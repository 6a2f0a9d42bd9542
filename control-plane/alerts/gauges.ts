import type { AlertRule } from '@bellwether/shared/contract/alert';
import type { HostWindow } from '@bellwether/shared/contract/window';

/** Something of a machine that should stay below a limit. */
export interface Gauge {
  readonly rule: Extract<AlertRule, 'disk-trend' | 'memory-trend' | 'temperature-trend'>;
  readonly unit: string;
  /** In the gauge's unit; null where the machine does not tell it. */
  readonly valueOf: (host: MachineGauges) => number | null;
}

/** What of a window gauges are read from. */
export type MachineGauges = Pick<
  HostWindow,
  'memoryTotalBytes' | 'memoryAvailableBytes' | 'diskTotalBytes' | 'diskFreeBytes' | 'temperatureC'
>;

export const gauges: readonly Gauge[] = [
  { rule: 'disk-trend', unit: '%', valueOf: (host) => usedPct(host.diskFreeBytes, host.diskTotalBytes) },
  { rule: 'memory-trend', unit: '%', valueOf: (host) => usedPct(host.memoryAvailableBytes, host.memoryTotalBytes) },
  { rule: 'temperature-trend', unit: '°C', valueOf: ({ temperatureC }) => temperatureC },
];

function usedPct(free: number, total: number): number | null {
  return total > 0 ? 100 * (1 - Math.min(free, total) / total) : null;
}

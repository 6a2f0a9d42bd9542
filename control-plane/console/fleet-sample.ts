import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import { servedBy } from './served-releases.js';

/** One moment of the fleet, for the charts; null where nothing was measured. */
export interface FleetSample {
  readonly atMs: number;
  /** By what the devices serve: `digits@1.1.0`, or several releases joined by ` + ` where a device serves several models. */
  readonly requestsPerSecond: ReadonlyMap<string, number> | null;
  /** Of the slowest device. */
  readonly p99Ms: number | null;
  /** Of the middle device. */
  readonly p50Ms: number | null;
}

/** Adds up what the devices that are online measured last. */
export function sampleOf(devices: Iterable<DeviceView>, atMs: number): FleetSample {
  const rates = new Map<string, number>();
  const p99s: number[] = [];
  const p50s: number[] = [];
  for (const device of devices) {
    if (device.presence !== 'online' || device.live === null) continue;
    const served = servedBy(device).join(' + ');
    if (served !== '') rates.set(served, (rates.get(served) ?? 0) + device.live.requestsPerSecond);
    if (device.live.p99Ms !== null) p99s.push(device.live.p99Ms);
    if (device.live.p50Ms !== null) p50s.push(device.live.p50Ms);
  }
  p50s.sort((a, b) => a - b);
  return {
    atMs,
    requestsPerSecond: rates.size === 0 ? null : rates,
    p99Ms: p99s.length === 0 ? null : Math.max(...p99s),
    p50Ms: p50s[Math.floor(p50s.length / 2)] ?? null,
  };
}

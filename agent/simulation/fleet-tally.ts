import type { Report } from '@bellwether/shared/contract/report';
import { formatReleaseId } from '@bellwether/shared/ids';

/** When devices got somewhere, wall milliseconds since 1970: how many, the first, the quantiles, the last. */
export interface Arrivals {
  readonly devices: number;
  readonly firstAtMs: number;
  readonly p50AtMs: number;
  readonly p99AtMs: number;
  readonly lastAtMs: number;
}

/** What one device said last, in a report that the broker has acknowledged, and since when it says so. */
interface DeviceStanding {
  readonly serving: ReadonlyMap<string, number>;
  readonly canaries: readonly string[];
  readonly order: { readonly generation: string; readonly sinceMs: number } | undefined;
}

/** Calls of the whole fleet, by what became of them. */
export interface CallCounts {
  answered: number;
  failed: number;
  /** Turned away: nothing serves, draining, a full queue. */
  rejected: number;
  byCanary: number;
  fallbacks: number;
}

/** What the devices of one process came to. */
export class FleetTally {
  readonly #standings = new Map<string, DeviceStanding>();
  readonly calls: CallCounts = { answered: 0, failed: 0, rejected: 0, byCanary: 0, fallbacks: 0 };
  crashes = 0;

  /** The broker has a report. */
  reported(report: Pick<Report, 'device' | 'models' | 'observed'>, atMs: number): void {
    const before = this.#standings.get(report.device);
    const serving = new Map<string, number>();
    const canaries: string[] = [];
    for (const { model, serving: served, canary } of report.models) {
      if (served !== null) {
        const release = formatReleaseId({ model, version: served.version });
        serving.set(release, before?.serving.get(release) ?? atMs);
      }
      if (canary !== undefined && canary !== null) {
        canaries.push(`${formatReleaseId({ model, version: canary.version })} ${canary.state}`);
      }
    }
    this.#standings.set(report.device, { serving, canaries, order: orderOf(report.observed, before, atMs) });
  }

  /** By release, the devices that serve it now, and when they began to say so. */
  serving(): Record<string, Arrivals> {
    const times = new Map<string, number[]>();
    for (const { serving } of this.#standings.values()) {
      for (const [release, sinceMs] of serving) {
        const known = times.get(release);
        if (known === undefined) times.set(release, [sinceMs]);
        else known.push(sinceMs);
      }
    }
    return Object.fromEntries([...times].map(([release, sinceMs]) => [release, arrivals(sinceMs)]));
  }

  /** Devices by canary and its state: `digits@1.1.0 ready`. */
  canaries(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { canaries } of this.#standings.values()) {
      for (const canary of canaries) counts[canary] = (counts[canary] ?? 0) + 1;
    }
    return counts;
  }

  /** When devices acknowledged the order that they have now. */
  orders(): Arrivals {
    return arrivals([...this.#standings.values()].flatMap(({ order }) => order?.sinceMs ?? []));
  }
}

function orderOf(
  observed: Report['observed'],
  before: DeviceStanding | undefined,
  atMs: number,
): DeviceStanding['order'] {
  if (observed === null) return undefined;
  const generation = `${observed.epoch}.${observed.generation}`;
  return before?.order?.generation === generation ? before.order : { generation, sinceMs: atMs };
}

function arrivals(times: readonly number[]): Arrivals {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (q: number): number => quantile(sorted, q);
  return { devices: sorted.length, firstAtMs: at(0), p50AtMs: at(0.5), p99AtMs: at(0.99), lastAtMs: at(1) };
}

/** By nearest rank; 0 for none. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

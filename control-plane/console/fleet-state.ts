import { batch, computed, signal } from '@preact/signals';
import type {
  DeviceView,
  Overview,
  ReleaseView,
  RolloutView,
  ServerStatus,
  TimelineEvent,
} from '@bellwether/control-plane/http/operator-api';

/** How the page stands to the server. */
export type Connection = 'connecting' | 'live' | 'lost' | 'signed-out';

/** One moment of the fleet, for the charts. */
export interface FleetSample {
  readonly atMs: number;
  readonly requestsPerSecond: ReadonlyMap<string, number>;
  /** The slowest device's p99 and the middle device's p50; null without traffic. */
  readonly p99Ms: number | null;
  readonly p50Ms: number | null;
}

const keptSamples = 300;
const keptEvents = 60;

/** What the page knows, as signals. Only the live feed and the sampling clock write it. */
export class FleetState {
  readonly connection = signal<Connection>('connecting');
  readonly status = signal<ServerStatus | null>(null);
  readonly devices = signal<ReadonlyMap<string, DeviceView>>(new Map());
  readonly releases = signal<ReadonlyMap<string, ReleaseView>>(new Map());
  readonly rollouts = signal<readonly RolloutView[]>([]);
  readonly events = signal<readonly TimelineEvent[]>([]);
  readonly samples = signal<readonly FleetSample[]>([]);
  readonly nowMs = signal(Date.now());

  /** Releases that somebody serves, the widest spread first. */
  readonly serving = computed(() => {
    const counts = new Map<string, number>();
    for (const device of this.devices.value.values()) {
      for (const release of servedBy(device)) counts.set(release, (counts.get(release) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
  });

  takeOverview(overview: Overview): void {
    batch(() => {
      this.status.value = overview.status;
      this.devices.value = new Map(overview.devices.map((device) => [device.id, device]));
      this.releases.value = new Map(overview.releases.map((release) => [release.release, release]));
      this.rollouts.value = overview.rollouts;
      this.events.value = overview.events.slice(0, keptEvents);
    });
  }

  takeDevice(device: DeviceView): void {
    this.devices.value = new Map(this.devices.value).set(device.id, device);
  }

  takeRelease(release: ReleaseView): void {
    this.releases.value = new Map(this.releases.value).set(release.release, release);
  }

  takeRollout(rollout: RolloutView): void {
    const others = this.rollouts.value.filter((other) => other.id !== rollout.id);
    this.rollouts.value = [rollout, ...others].sort((a, b) => b.createdAtMs - a.createdAtMs);
  }

  takeEvent(event: TimelineEvent): void {
    this.events.value = [event, ...this.events.value].slice(0, keptEvents);
  }

  /** Called once a second: the charts' time axis goes on also when nothing arrives. */
  sample(atMs: number): void {
    const online = [...this.devices.value.values()].filter((device) => device.presence === 'online');
    const perRelease = new Map<string, number>();
    for (const device of online) {
      const release = servedBy(device)[0];
      if (release === undefined || device.live === null) continue;
      perRelease.set(release, (perRelease.get(release) ?? 0) + device.live.requestsPerSecond);
    }
    const p99s = online.flatMap((device) => device.live?.p99Ms ?? []);
    const p50s = online.flatMap((device) => device.live?.p50Ms ?? []).sort((a, b) => a - b);
    const sample: FleetSample = {
      atMs,
      requestsPerSecond: perRelease,
      p99Ms: p99s.length === 0 ? null : Math.max(...p99s),
      p50Ms: p50s[Math.floor(p50s.length / 2)] ?? null,
    };
    batch(() => {
      this.nowMs.value = atMs;
      this.samples.value = [...this.samples.value, sample].slice(-keptSamples);
    });
  }
}

/** The releases that a device serves, `digits@1.1.0`. */
export function servedBy(device: DeviceView): string[] {
  const models = device.report?.models ?? [];
  return models.flatMap((m) => (m.serving === null ? [] : [`${m.model}@${m.serving.version}`]));
}

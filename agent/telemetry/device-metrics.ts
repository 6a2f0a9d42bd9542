import type { Window } from '@bellwether/shared/contract/window';
import { decodeHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { armFamilies, type LabelledArm } from '@bellwether/shared/prometheus/arm-families';
import { addToTotals, emptyArmTotals } from '@bellwether/shared/prometheus/arm-totals';
import { exposition, type MetricFamily } from '@bellwether/shared/prometheus/exposition';

/** Arms of releases that are told of at a time: of more, those that were heard of last. */
export const maxExposedArms = 64;

/** What this device tells Prometheus: what its windows have counted since the agent started, and the newest window's gauges. */
export class DeviceMetrics {
  /** Those heard of last at the end. */
  readonly #arms = new Map<string, LabelledArm>();
  #newest: Pick<Window, 'host' | 'outbox'> | undefined;

  /** A window that has closed. */
  add({ arms, host, outbox }: Pick<Window, 'arms' | 'host' | 'outbox'>): void {
    this.#newest = { host, outbox };
    for (const counted of arms) {
      const { model, version, arm } = counted;
      const labels = { model, version, arm };
      const key = JSON.stringify(labels);
      const exposed = this.#arms.get(key) ?? { labels, totals: emptyArmTotals() };
      const times = { compute: decodeHistogram(counted.compute), total: decodeHistogram(counted.total) };
      addToTotals(exposed.totals, counted, times);
      this.#arms.delete(key);
      this.#arms.set(key, exposed);
    }
    for (const oldest of this.#arms.keys()) {
      if (this.#arms.size <= maxExposedArms) break;
      this.#arms.delete(oldest);
    }
  }

  /** In Prometheus' text format; without gauges before the first window. */
  text(): string {
    return exposition([...armFamilies([...this.#arms.values()]), ...gaugesOf(this.#newest)]);
  }
}

function gaugesOf(newest: Pick<Window, 'host' | 'outbox'> | undefined): MetricFamily[] {
  if (newest === undefined) return [];
  const { host, outbox } = newest;
  const gauge = (name: string, help: string, value: number): MetricFamily => {
    return { name: `bellwether_${name}`, help, type: 'gauge', samples: [{ labels: {}, value }] };
  };
  const counter = (name: string, help: string, value: number): MetricFamily => {
    return { name: `bellwether_${name}`, help, type: 'counter', samples: [{ labels: {}, value }] };
  };
  return [
    gauge('agent_cpu_ratio', 'Of one core, in the newest window: the agent.', host.agentCpuPct / 100),
    gauge('runners_cpu_ratio', 'Of one core, in the newest window: the runners.', host.runnersCpuPct / 100),
    gauge('agent_resident_bytes', 'Memory of the agent.', host.agentRssBytes),
    gauge('runners_resident_bytes', 'Memory of the runners.', host.runnersRssBytes),
    gauge('memory_available_bytes', 'Memory that the machine has left.', host.memoryAvailableBytes),
    gauge('disk_free_bytes', 'Left on the disk that the agent is on.', host.diskFreeBytes),
    ...(host.temperatureC === null ? [] : [gauge('temperature_celsius', 'Of the machine.', host.temperatureC)]),
    gauge('outbox_messages', 'Windows and events that wait for the broker.', outbox.waiting),
    gauge('outbox_bytes', 'What waits, in bytes.', outbox.bytes),
    counter(
      'outbox_lost_windows_total',
      'Windows that were dropped since the agent was installed.',
      outbox.lostWindows,
    ),
    counter('outbox_lost_events_total', 'Events that were dropped since the agent was installed.', outbox.lostEvents),
  ];
}

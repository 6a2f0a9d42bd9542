import type { Alert } from '@bellwether/shared/contract/alert';
import type { Histogram } from '@bellwether/shared/evidence/histogram';
import { classicHistogram, delayBounds } from '@bellwether/shared/prometheus/classic-histogram';
import type { MetricFamily, MetricSample } from '@bellwether/shared/prometheus/exposition';
import type { Device } from '../fleet/device.js';
import type { ReleaseView, TelemetrySummary } from '../http/operator-api.js';
import { type RolloutPhase, rolloutPhases } from '../http/rollout-api.js';

/** What the server knows of the fleet now. */
export interface FleetFacts {
  readonly version: string;
  readonly devices: readonly Pick<Device, 'standing' | 'presence'>[];
  readonly releases: readonly Pick<ReleaseView, 'model' | 'version' | 'devicesServing'>[];
  readonly phases: readonly RolloutPhase[];
  readonly telemetry: TelemetrySummary;
  /** Milliseconds from a window's end, by the device's clock, to its arrival. */
  readonly delays: Histogram;
  /** Those that are not resolved. */
  readonly alerts: readonly Pick<Alert, 'severity' | 'state' | 'isSilenced'>[];
}

/** Gauges of the fleet, and what came in since the server was set up. */
export function fleetFamilies(facts: FleetFacts): MetricFamily[] {
  const { version, devices, releases, phases, telemetry, delays, alerts } = facts;
  const gauge = (name: string, help: string, samples: readonly MetricSample[]): MetricFamily => {
    return { name, help, type: 'gauge', samples };
  };
  const counter = (name: string, help: string, value: number): MetricFamily => {
    return { name, help, type: 'counter', samples: [{ labels: {}, value }] };
  };
  return [
    gauge('bellwether_info', 'The version of the server, as a label.', [{ labels: { version }, value: 1 }]),
    gauge('bellwether_devices', 'Devices by standing and presence.', devicesBy(devices)),
    gauge('bellwether_release_devices', 'Devices that say they serve a release.', servingOf(releases)),
    gauge(
      'bellwether_rollouts',
      'Rollouts by phase.',
      rolloutPhases.map((phase) => ({ labels: { phase }, value: phases.filter((each) => each === phase).length })),
    ),
    gauge(
      'bellwether_alerts',
      'Alerts that are not resolved, by severity and state; a silenced one is told to nobody.',
      alertsBy(alerts),
    ),
    counter('bellwether_windows_received_total', 'Windows that were stored.', telemetry.windowsReceived),
    counter('bellwether_windows_duplicate_total', 'Windows that came again.', telemetry.windowsDuplicate),
    counter('bellwether_windows_rejected_total', 'Windows that could not be read.', telemetry.windowsRejected),
    gauge(
      'bellwether_windows_lost',
      'Windows that are missing: gaps in sequences, and what devices say they dropped. One that comes late is taken off.',
      [{ labels: {}, value: telemetry.windowsLost }],
    ),
    counter('bellwether_events_received_total', 'Events that were stored.', telemetry.eventsReceived),
    gauge('bellwether_events_lost', 'Events that devices say they dropped.', [
      { labels: {}, value: telemetry.eventsLost },
    ]),
    {
      name: 'bellwether_window_delay_seconds',
      help: 'From the end of a window, by the device’s clock, to its arrival.',
      type: 'histogram',
      samples: [classicHistogram(delays, { labels: {}, bounds: delayBounds, perSecond: 1000 })],
    },
    counter(
      'bellwether_unknown_fields_total',
      'Fields of messages that this version ignores.',
      telemetry.unknownFields,
    ),
  ];
}

const presences = ['online', 'offline', 'never'] as const;

/** Those that are in by their presence, zeros too, so that an alert has something to compare with; the others where there are any. */
function devicesBy(devices: FleetFacts['devices']): MetricSample[] {
  const counts = new Map<string, number>(presences.map((presence) => [`approved ${presence}`, 0]));
  for (const { standing, presence } of devices) {
    const key = `${standing} ${presence}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, value]) => {
    const [standing = '', presence = ''] = key.split(' ');
    return { labels: { standing, presence }, value };
  });
}

/** Zeros too, as above. */
function alertsBy(alerts: FleetFacts['alerts']): MetricSample[] {
  return ['info', 'warning', 'critical'].flatMap((severity) =>
    ['open', 'acknowledged', 'silenced'].map((state) => {
      const those = alerts.filter((each) => each.severity === severity && stateOf(each) === state);
      return { labels: { severity, state }, value: those.length };
    }),
  );
}

function stateOf({ state, isSilenced }: FleetFacts['alerts'][number]): string {
  return isSilenced ? 'silenced' : state;
}

function servingOf(releases: FleetFacts['releases']): MetricSample[] {
  return releases
    .filter(({ devicesServing }) => devicesServing > 0)
    .map(({ model, version, devicesServing }) => ({ labels: { model, version }, value: devicesServing }));
}

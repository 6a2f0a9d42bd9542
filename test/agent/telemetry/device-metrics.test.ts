import { describe, expect, it } from 'vitest';
import { DeviceMetrics, maxExposedArms } from '@bellwether/agent/telemetry/device-metrics';
import { armOf, windowOf } from '../../support/telemetry-messages.js';

describe('what a device tells Prometheus', () => {
  it('adds windows up, and has the gauges of the newest', () => {
    const metrics = new DeviceMetrics();
    expect(metrics.text()).not.toContain('bellwether_agent_cpu_ratio');
    const { host } = windowOf();
    metrics.add(windowOf({ arms: [armOf([900, 1100])] }));
    const outbox = { waiting: 7, bytes: 4096, lostWindows: 3, lostEvents: 0 };
    metrics.add(
      windowOf({ arms: [armOf([50_000])], outbox, host: { ...host, agentCpuPct: 12.5, temperatureC: 41.5 } }),
    );
    const of = '{model="digits",version="1.0.0",arm="stable"';
    const lines = metrics.text().split('\n');
    for (const line of [
      `bellwether_requests_total${of}} 3`,
      `bellwether_request_duration_seconds_bucket${of},le="0.002"} 2`,
      `bellwether_compute_duration_seconds_count${of}} 3`,
      'bellwether_agent_cpu_ratio 0.125',
      'bellwether_temperature_celsius 41.5',
      'bellwether_outbox_messages 7',
      'bellwether_outbox_lost_windows_total 3',
    ])
      expect(lines).toContain(line);
  });

  it('tells of so many arms, those that it heard of last', () => {
    const metrics = new DeviceMetrics();
    for (let i = 0; i <= maxExposedArms; i++) metrics.add(windowOf({ arms: [armOf([1], { version: `1.0.${i}` })] }));
    const versions = [...metrics.text().matchAll(/^bellwether_requests_total\{.*version="([^"]*)"/gm)].map(
      ([, v]) => v,
    );
    expect([versions.length, versions[0]]).toEqual([maxExposedArms, '1.0.1']);
  });
});

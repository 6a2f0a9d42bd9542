import { describe, expect, it } from 'vitest';
import { sampleOf } from '@bellwether/control-plane/console/fleet-sample';
import { deviceView, liveFigures, modelReport } from '../../support/operator-views.js';
import { reportOf } from '../../support/telemetry-messages.js';

describe('a sample of the fleet', () => {
  it('adds up the rates by release, with the slowest p99 and the middle p50', () => {
    const { requestsPerSecond, p99Ms, p50Ms } = sampleOf(
      [
        deviceView('a', '1.0.0', { live: liveFigures({ requestsPerSecond: 1, p50Ms: 3, p99Ms: 9 }) }),
        deviceView('b', '1.0.0', { live: liveFigures({ requestsPerSecond: 2, p50Ms: 1, p99Ms: 50 }) }),
        deviceView('c', '1.1.0', { live: liveFigures({ requestsPerSecond: 4, p50Ms: 2, p99Ms: 8 }) }),
      ],
      7,
    );
    expect([...(requestsPerSecond ?? [])]).toEqual([
      ['digits@1.0.0', 3],
      ['digits@1.1.0', 4],
    ]);
    expect([p99Ms, p50Ms]).toEqual([50, 2]);
  });

  it('leaves out who is away, who has measured nothing and who serves nothing', () => {
    const devices = [
      deviceView('a', '1.0.0', { presence: 'offline' }),
      deviceView('b', '1.0.0', { live: null }),
      deviceView('c'),
    ];
    expect(sampleOf(devices, 7).requestsPerSecond).toBeNull();
    expect(sampleOf([], 7)).toEqual({ atMs: 7, requestsPerSecond: null, p99Ms: null, p50Ms: null });
  });

  it('does not split what a device with several models measured as one', () => {
    const models = [modelReport('1.0.0'), modelReport('5.0.0', { model: 'vad' })];
    const { requestsPerSecond } = sampleOf([deviceView('a', '1.0.0', { report: reportOf({ models }) })], 7);
    expect([...(requestsPerSecond?.keys() ?? [])]).toEqual(['digits@1.0.0 + vad@5.0.0']);
  });
});

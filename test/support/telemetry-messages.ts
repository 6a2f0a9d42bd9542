import type { DeviceEvent } from '@bellwether/shared/contract/event';
import type { Report } from '@bellwether/shared/contract/report';
import type { ArmWindow, Window } from '@bellwether/shared/contract/window';
import { emptyHistogram, record } from '@bellwether/shared/evidence/histogram';
import { encodeHistogram } from '@bellwether/shared/evidence/histogram-wire';

/** A run of an agent. */
export const runId = '0123456789abcdef0123456789abcdef';

/** Any device's id. */
export const deviceId = 'pi-0123456789abcdef';

/** A valid, quiet window; `changes` are its other fields. */
export function windowOf(changes: Partial<Window> = {}): Window {
  const sequence = changes.sequence ?? 0;
  return {
    version: 2,
    device: deviceId,
    runId,
    sequence,
    bootId: 'boot',
    startMs: sequence * 5000,
    endMs: (sequence + 1) * 5000,
    wallStartMs: 1_700_000_000_000 + sequence * 5000,
    wallEndMs: 1_700_000_005_000 + sequence * 5000,
    clock: 'system',
    arms: [],
    rejected: {},
    host: {
      cores: 4,
      agentCpuPct: 1,
      runnersCpuPct: 2,
      agentRssBytes: 1,
      runnersRssBytes: 1,
      load1: 0,
      memoryTotalBytes: 1,
      memoryAvailableBytes: 1,
      diskTotalBytes: 1,
      diskFreeBytes: 1,
      temperatureC: null,
    },
    shed: [],
    outbox: { waiting: 0, bytes: 0, lostWindows: 0, lostEvents: 0 },
    ...changes,
  };
}

/** One arm that answered calls with these total latencies, in microseconds. */
export function armOf(latencies: readonly number[], changes: Partial<ArmWindow> = {}): ArmWindow {
  const histogram = emptyHistogram();
  for (const each of latencies) record(histogram, each);
  return {
    model: 'digits',
    arm: 'stable',
    version: '1.0.0',
    manifest: 'a'.repeat(64),
    segment: 0,
    requests: latencies.length,
    errors: {},
    invalid: 0,
    compute: encodeHistogram(histogram),
    total: encodeHistogram(histogram),
    classes: [],
    confidence: [],
    runnerDeaths: 0,
    busyMs: 0,
    ...changes,
  };
}

/** A valid report of a device that serves nothing yet. */
export function reportOf(changes: Partial<Report> = {}): Report {
  return {
    version: 1,
    device: deviceId,
    runId,
    bootId: 'boot',
    sequence: 0,
    atMs: 1_700_000_000_000,
    agent: { version: '0.1.0', node: 'v20', platform: 'linux', arch: 'x64' },
    stage: 'production',
    development: true,
    observed: null,
    state: 'working',
    health: 'ok',
    orderRefusal: null,
    models: [],
    metadata: null,
    receipt: null,
    ...changes,
  };
}

/** A valid event. */
export function eventOf(changes: Partial<DeviceEvent> = {}): DeviceEvent {
  return {
    version: 1,
    device: deviceId,
    runId,
    sequence: 0,
    atMs: 1_700_000_000_000,
    kind: 'agent-started',
    message: 'started',
    ...changes,
  };
}

/** A report that the device refused this release of digits: other bytes than the listed ones. */
export function refusedReport(device: string, version = '1.1.0'): Report {
  const about = { manifest: 'a'.repeat(64), message: 'other bytes', atMs: 1_700_000_000_000 };
  const refusal = { version, code: 'blob-digest', kind: 'permanent', ...about } as const;
  return reportOf({ device, models: [{ model: 'digits', serving: null, install: null, refusal }] });
}

/** A message as it goes over the wire. */
export function bytesOf(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message));
}

import type { DeviceView, LiveFigures, ReleaseView } from '@bellwether/control-plane/http/operator-api';
import type { RolloutDevice, RolloutView } from '@bellwether/control-plane/http/rollout-api';
import type { Overview, ServerStatus } from '@bellwether/control-plane/http/status-api';
import { devicesOfView } from '@bellwether/control-plane/rollouts/rollout-devices';
import type { TimelineEvent } from '@bellwether/control-plane/timeline/timeline-api';
import type { Alert } from '@bellwether/shared/contract/alert';
import type { ModelReport } from '@bellwether/shared/contract/report';
import { sha256 } from '@bellwether/shared/signing/digest';
import { reportOf } from './telemetry-messages.js';

/** What the server tells operators, made up: for tests of the page that shows it. */

const manifest = 'a'.repeat(64);
const startMs = 1_700_000_000_000;

/** The id of a device with this name. */
export function idOf(name: string): string {
  return `${name}-0123456789abcdef`;
}

export function liveFigures(changes: Partial<LiveFigures> = {}): LiveFigures {
  return {
    requestsPerSecond: 20,
    errorsPerSecond: 0,
    p50Ms: 1.5,
    p99Ms: 6,
    agentCpuPct: 3,
    runnersCpuPct: 2,
    shed: [],
    atMs: startMs,
    ...changes,
  };
}

/** A model on a device that serves this version. */
export function modelReport(version: string, changes: Partial<ModelReport> = {}): ModelReport {
  const serving = { version, manifest, sinceMs: startMs, phase: 'settled' } as const;
  return { model: 'digits', serving, install: null, refusal: null, ...changes };
}

/** A device that is online and serves `digits@<version>` (nothing, without one). */
export function deviceView(name: string, version?: string, changes: Partial<DeviceView> = {}): DeviceView {
  const models = version === undefined ? [] : [modelReport(version)];
  return {
    id: idOf(name),
    fingerprint: `0123456789abcdef${'0'.repeat(48)}`,
    standing: 'approved',
    nextFingerprint: null,
    tokenId: '0123456789ab',
    labels: {},
    enrolledAtMs: startMs,
    presence: 'online',
    lastSeenMs: startMs,
    ordered: version === undefined ? null : { epoch: 1, generation: 1, models: { digits: version } },
    report: reportOf({ device: idOf(name), state: 'converged', models }),
    live: liveFigures(),
    slowed: null,
    holds: [],
    ...changes,
  };
}

export function releaseView(version: string, changes: Partial<ReleaseView> = {}): ReleaseView {
  const model = changes.model ?? 'digits';
  return {
    release: `${model}@${version}`,
    model,
    version,
    manifest,
    staging: true,
    production: true,
    withdrawn: null,
    bytes: 500_000,
    files: 3,
    description: null,
    inputs: [],
    outputs: [],
    accuracy: 0.98,
    accuracySamples: 1000,
    lineage: null,
    promotion: null,
    devicesServing: 0,
    ...changes,
  };
}

export function rolloutDevice(name: string, state: RolloutDevice['state'], code: string | null = null): RolloutDevice {
  return { device: idOf(name), state, code, message: null };
}

export function rolloutView(version: string, changes: Partial<RolloutView> = {}): RolloutView {
  return {
    id: `rollout-${version}`,
    release: `digits@${version}`,
    to: { all: true },
    createdAtMs: startMs,
    phase: 'rolling',
    policy: 'direct',
    reason: null,
    waitsFor: null,
    step: null,
    steps: [],
    arms: null,
    verdict: null,
    history: [],
    timeline: [],
    actions: [],
    ...devicesOfView(changes.devices ?? [], changes.failures ?? []),
    ...changes,
  };
}

export function timelineEvent(name: string, changes: Partial<TimelineEvent> = {}): TimelineEvent {
  return {
    id: Number.parseInt(sha256(Buffer.from(name)).slice(0, 8), 16),
    device: idOf(name),
    source: 'device',
    actor: null,
    atMs: startMs,
    arrivedAtMs: startMs,
    kind: 'release-serving',
    model: 'digits',
    release: 'digits@1.1.0',
    rollout: null,
    label: null,
    code: null,
    message: 'serving',
    ...changes,
  };
}

/** An open alert of a device that is silent. */
export function alertOf(id: string, changes: Partial<Alert> = {}): Alert {
  return {
    version: 1,
    id,
    rule: 'device-silent',
    severity: 'warning',
    state: 'open',
    subject: {},
    sentence: `${idOf('harbour')} has said nothing for 5 min or longer.`,
    numbers: { devices: 1, fleetDevices: 3, silentSeconds: 312 },
    devices: 1,
    named: [idOf('harbour')],
    attribution: null,
    forecast: null,
    openedAtMs: startMs,
    changedAtMs: startMs,
    acknowledgedBy: null,
    resolvedAtMs: null,
    isSilenced: false,
    ...changes,
  };
}

export function serverStatus(changes: Partial<ServerStatus> = {}): ServerStatus {
  return {
    version: '0.1.0',
    development: false,
    startedAtMs: startMs,
    mqttUrl: '',
    transport: 'loopback',
    rootSha256: manifest,
    expiring: [],
    webhooks: [],
    telemetryShort: null,
    pending: { releases: [], devices: [], deviceKeys: [] },
    waitingRollouts: [],
    clones: [],
    ...changes,
  };
}

export function overview(changes: Partial<Overview> = {}): Overview {
  return { status: serverStatus(), devices: [], releases: [], rollouts: [], alerts: [], events: [], ...changes };
}

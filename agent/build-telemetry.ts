import { messageOf } from '@bellwether/shared/errors';
import { watchedTensors } from '@bellwether/shared/models/watched-tensors';
import type { AgentParts } from './agent-parts.js';
import type { Serving } from './inference/serving.js';
import { readReference } from './installs/reference.js';
import type { LiveModels } from './reconcile/live-models.js';
import { DeviceMetrics } from './telemetry/device-metrics.js';
import type { Recorder } from './telemetry/recorder.js';
import { Reporter } from './telemetry/reporter.js';
import { Throttle } from './telemetry/throttle.js';

interface TelemetryRooms {
  readonly recorder: Recorder;
  readonly serving: Serving;
  readonly live: LiveModels;
  /** The disk took no window, or takes them again. */
  readonly onDisk: () => void;
}

/** What the agent tells of itself: windows of what was recorded, and the governor that keeps it within its share of the CPU. */
export async function buildTelemetry(parts: AgentParts, { recorder, serving, live, onDisk }: TelemetryRooms) {
  const { config, trust, outbox, uplink, clock, random, log } = parts;
  const host = await parts.hostMetrics(() => live.runners());
  const metrics = config.localApi.metrics ? new DeviceMetrics() : undefined;
  const reporter = new Reporter({
    ...parts.reportIdentity,
    windowSeconds: config.windowSeconds,
    encoding: config.telemetry.encoding,
    recorder,
    host,
    outbox,
    backfill: { perSecond: config.outbox.backfillPerSecond, spreadMs: config.outbox.backfillSpreadSeconds * 1000 },
    uplink,
    serverTimeMs: () => trust.serverTimeMs,
    clock,
    random,
    log,
    onDisk,
    onWindow: (window) => metrics?.add(window),
  });
  const throttle = new Throttle({
    ceilingPct: config.governor.cpuPct,
    processors: () => host.processors(),
    shadowMicros: () => recorder.shadowMicros,
    switches: {
      inputs: (isShed) => recorder.features.shed('inputs', isShed),
      features: (isShed) => recorder.features.shed('features', isShed),
      shadow: (isShed) => serving.shedShadows(isShed),
    },
    onChange: (shed, details) => {
      recorder.shed(shed);
      reporter.event('throttled', details);
      log.warn({ ...throttle.state }, details.message);
    },
    clock,
  });
  watchReferences(parts, recorder, serving);
  return { reporter, throttle, metrics };
}

/** Reads the reference distributions of each release that serves, for which its features are counted. */
function watchReferences({ blobs, log }: AgentParts, recorder: Recorder, serving: Serving): void {
  recorder.features.askFor(({ model, version, manifest }) => {
    const release = serving.releaseOf(model, version);
    if (release?.manifestSha256 !== manifest) {
      recorder.features.forget(manifest);
      return;
    }
    const tensors = watchedTensors(release.manifest);
    readReference(release, blobs)
      .then((reference) => recorder.features.watch(manifest, reference === undefined ? null : { reference, tensors }))
      .catch((error: unknown) => {
        recorder.features.watch(manifest, null);
        log.warn(
          { model, version, err: messageOf(error) },
          'reference distributions cannot be read: drift is not counted',
        );
      });
  });
}

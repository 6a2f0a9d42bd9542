import { type KeptLook, lookAt } from '@bellwether/control-plane/telemetry/drift/drift-look';
import { unpackDrift } from '@bellwether/control-plane/telemetry/drift/packed-drift';
import { type WatchedRelease, watchedRelease } from '@bellwether/control-plane/telemetry/drift/watched-release';
import { addFeatures, capRows } from '@bellwether/control-plane/telemetry/drift/window-rows';
import { driftAlpha } from '@bellwether/shared/evidence/drift';

const features = 4;
const lookMs = 10 * 60_000;

/** A device whose sensors are read once a second and whose rows hang together. */
export interface CorrelatedSensor {
  /** Seconds after which a value has forgotten 63 % of what it was; 0: at once. */
  readonly memorySeconds: number;
  readonly hours: number;
  /** What its release says of how far rows must be apart. */
  readonly apartMs?: number;
  readonly dice: () => number;
}

/**
 * Whether the server's rule raises a false alarm: four AR(1) sensors that never change, counted by a device as devices
 * count, in windows of ten minutes, against a reference of 1,000 independent rows.
 */
export function hasFalseAlarm({ memorySeconds, hours, apartMs, dice }: CorrelatedSensor): boolean {
  const release = referenceOf(dice, apartMs);
  const keep = memorySeconds === 0 ? 0 : Math.exp(-1 / memorySeconds);
  const fresh = Math.sqrt(1 - keep ** 2);
  const values = Array.from({ length: features }, () => normal(dice));
  let kept: KeptLook | undefined;
  let drifts = unpackDrift(undefined, release);
  for (let nowMs = lookMs; nowMs <= hours * 3_600_000; nowMs += lookMs) {
    const counts = Array.from({ length: features }, () => Array.from({ length: 11 }, () => 0));
    for (let second = 0; second < lookMs / 1000; second++) {
      for (const [i, row] of counts.entries()) {
        const value = keep * (values[i] ?? 0) + fresh * normal(dice);
        values[i] = value;
        const bin = binOf(value, release.reference.features[i]?.edges ?? []);
        row[bin] = (row[bin] ?? 0) + 1;
      }
    }
    const sum = new Float64Array(release.bins);
    addFeatures(sum, release, { features: counts, sinceMs: 0 }, lookMs);
    capRows(sum, release);
    ({ kept, drifts } = lookAt(release, { kept, drifts }, sum, nowMs));
    // One device: e-BH over its streams.
    if (kept.streams.some(({ logE }) => logE >= Math.log(features / driftAlpha))) return true;
  }
  return false;
}

function referenceOf(dice: () => number, apartMs: number | undefined): WatchedRelease {
  const names = Array.from({ length: features }, (_, index) => {
    const rows = Array.from({ length: 1000 }, () => normal(dice)).toSorted((a, b) => a - b);
    const edges = Array.from({ length: 9 }, (_edge, i) => rows[(i + 1) * 100 - 1] ?? 0);
    return { name: `s${index}`, tensor: 'image', index, edges, counts: Array.from({ length: 10 }, () => 100) };
  });
  const apart = apartMs === undefined ? {} : { apartMs };
  return watchedRelease(
    { model: 'sensors', version: '1.0.0', manifest: '0'.repeat(64) },
    {
      inputs: [{ name: 'image', dtype: 'FP32', shape: [-1, features], role: 'app' }],
      outputs: [],
      reference: { file: 'reference.json' },
    },
    { samples: 1000, features: names, ...apart },
  );
}

function binOf(value: number, edges: readonly number[]): number {
  const above = edges.findIndex((edge) => value <= edge);
  return above < 0 ? edges.length : above;
}

function normal(dice: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - dice())) * Math.cos(2 * Math.PI * dice());
}

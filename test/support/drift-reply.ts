import type { DriftReply } from '@bellwether/control-plane/http/drift-api';
import { idOf } from './operator-views.js';

const released = { model: 'digits', version: '1.1.0', manifest: 'a'.repeat(64) };
const shift = { ...released, sinceMs: 0, logE: 30, jensenShannon: 0.1 };
/** What `GET /telemetry/drift` answers where a release drifts by eight values, one of them of this device and with a long name, and another does not. */
export function driftReply(longName: string): DriftReply {
  return {
    atMs: 3_600_000,
    watched: [
      { ...released, devices: 7, streams: 18, lastAtMs: 0 },
      { ...released, version: '1.0.0', manifest: 'b'.repeat(64), devices: 1, streams: 18, lastAtMs: 0 },
    ],
    drift: [
      { ...shift, level: 'release', subject: '', stream: 'confidence', stabilityIndex: 0.34 },
      { ...shift, level: 'label', subject: `customer=${'x'.repeat(63)}`, stream: 'classes', stabilityIndex: 0.05 },
      { ...shift, level: 'device', subject: idOf(longName), stream: `feature ${'z'.repeat(200)}`, stabilityIndex: 9 },
      ...[1, 2, 3, 4, 5].map((i) => ({
        ...shift,
        level: 'device' as const,
        subject: idOf('weak'),
        stream: `feature f${i}`,
        stabilityIndex: 0.2,
      })),
    ],
    accuracy: [
      {
        ...released,
        level: 'release',
        subject: '',
        accuracy: 0.81,
        referenceAccuracy: 0.984,
        standardError: 0.011,
        answers: 400,
        isLow: true,
      },
    ],
    skippedWindows: 0,
  };
}

import { expect, it } from 'vitest';
import { driftReadings } from '@bellwether/control-plane/alerts/drift-readings';
import type { DriftFinding, DriftSubject } from '@bellwether/control-plane/telemetry/drift/drift-finding';
import { deviceId } from '../../support/telemetry-messages.js';

const about = { model: 'digits', version: '1.1.0', manifest: 'a'.repeat(64), sinceMs: 5 };
const shift = (stream: string, subject: DriftSubject, sinceMs = 5): DriftFinding => {
  return { kind: 'shift', ...about, sinceMs, subject, stream, logE: 9, stabilityIndex: 0.4, jensenShannon: 0.1 };
};

it('says what has drifted once for a release, a label and each device', () => {
  const release = { level: 'release' } as const;
  const streams = ['feature d', 'feature a', 'classes', 'feature b'].map((stream, i) => shift(stream, release, 9 - i));
  const accuracy = { accuracy: 0.781, standardError: 0.01, answers: 900, referenceAccuracy: 0.97 };
  const readings = driftReadings([
    ...streams,
    { kind: 'accuracy-estimate', ...about, subject: release, ...accuracy },
    shift('feature a', { level: 'label', label: 'site=a' }),
    shift('feature a', { level: 'device', device: deviceId }),
  ]);
  const subject = { model: 'digits', version: '1.1.0' };
  const detail = 'about 80 % instead of about 95 % on its reference';
  expect([...readings]).toEqual([
    { rule: 'drift', subject, device: null, value: 4, sinceMs: 6, detail: 'classes, feature a, feature b and 1 more' },
    { rule: 'accuracy-estimate', subject, device: null, value: 1, sinceMs: 5, detail },
    {
      rule: 'drift',
      subject: { ...subject, label: 'site=a' },
      device: null,
      value: 1,
      sinceMs: 5,
      detail: 'feature a',
    },
    { rule: 'drift', subject, device: deviceId, value: 1, sinceMs: 5, detail: 'feature a' },
  ]);
});

import { describe, expect, it } from 'vitest';
import type { DriftSubject } from '@bellwether/control-plane/telemetry/drift/drift-finding';
import { foundDrift, type SubjectLook } from '@bellwether/control-plane/telemetry/drift/found-drift';

const release = {
  model: 'digits',
  version: '1.1.0',
  manifest: 'a'.repeat(64),
  streams: ['classes', 'confidence', 'feature x'],
  accuracy: 0.95,
};
const device = (name: string): DriftSubject => ({ level: 'device', device: name });

function look(subject: DriftSubject, logEs: readonly number[], accuracy = 0.95, standardError = 0.01): SubjectLook {
  const streams = logEs.map((logE) => ({ logE, quietAtMs: 1000, stabilityIndex: 0.4, jensenShannon: 0.1 }));
  return { subject, release, streams, accuracy: { accuracy, standardError, answers: 500 }, isCurrent: true };
}

const fleet = (devices: number): SubjectLook[] =>
  Array.from({ length: devices }, (_, i) => look(device(`well-${i}`), [0, -1, -2]));

describe('found drift', () => {
  it('names the device and the value that drift, with how far and since when, and no other', () => {
    expect(foundDrift([...fleet(50), look(device('bad'), [0, 0, 20])])).toStrictEqual([
      {
        kind: 'shift',
        model: 'digits',
        version: '1.1.0',
        manifest: release.manifest,
        subject: device('bad'),
        sinceMs: 1000,
        stream: 'feature x',
        logE: 20,
        stabilityIndex: 0.4,
        jensenShannon: 0.1,
      },
    ]);
  });

  it('asks for more of one among many, and less of each the more there are', () => {
    // One of 30 values: 1/0.01 · 30 = 3000, whose logarithm is 8.006.
    expect(foundDrift([...fleet(9), look(device('bad'), [0, 0, 8])])).toStrictEqual([]);
    expect(foundDrift([...fleet(9), look(device('bad'), [0, 0, 8.01])])).toHaveLength(1);
    expect(foundDrift([...fleet(8), look(device('bad'), [0, 8, 8]), look(device('worse'), [0, 0, 8])])).toHaveLength(3);
  });

  it('holds those that talk at night against all that are watched, and tells nothing of the others', () => {
    const silent = fleet(40).map((each) => ({ ...each, isCurrent: false }));
    expect(foundDrift([...silent, look(device('bad'), [0, 0, 9])])).toStrictEqual([]);
    expect(foundDrift([...silent, look(device('bad'), [0, 0, 10])])).toHaveLength(1);
    expect(foundDrift([{ ...look(device('bad'), [0, 0, 10]), isCurrent: false }])).toStrictEqual([]);
  });

  it('judges releases, labels and devices each by themselves, in this order', () => {
    const found = foundDrift([
      ...fleet(500),
      look({ level: 'label', label: 'site=a' }, [6, 0, 0]),
      look({ level: 'release' }, [6, 0, 0]),
    ]);
    expect(found.map(({ subject }) => subject.level)).toStrictEqual(['release', 'label']);
  });

  it('tells a thousand findings of devices at most', () => {
    const all = Array.from({ length: 600 }, (_, i) => look(device(`bad-${i}`), [9, 9, 9]));
    expect(foundDrift(all)).toHaveLength(1000);
  });

  it('tells that answers are likely to be worse where the confidence has changed, the estimate is lower by more than its error, and not else', () => {
    const kinds = (...of: Parameters<typeof look>) => foundDrift([look(...of)]).map(({ kind }) => kind);
    const subject = device('bad');
    expect(kinds(subject, [0, 9, 0], 0.8)).toStrictEqual(['shift', 'accuracy-estimate']);
    expect(kinds(subject, [0, 9, 0], 0.87, 0.02)).toStrictEqual(['shift']);
    expect(kinds(subject, [0, 9, 0], 0.91)).toStrictEqual(['shift']);
    expect(kinds(subject, [9, 0, 9], 0.5)).toStrictEqual(['shift', 'shift']);
  });
});

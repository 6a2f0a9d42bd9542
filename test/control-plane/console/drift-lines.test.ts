import { describe, expect, it } from 'vitest';
import { driftWord, releaseDrifts } from '@bellwether/control-plane/console/drift-lines';
import type { DriftReply, ShiftView } from '@bellwether/control-plane/http/drift-api';

const named = (version: string, manifest: string) => ({ model: 'digits', version, manifest });
const old = named('1.0.0', 'a');
const young = named('1.1.0', 'b');
const shift = (changes: Partial<ShiftView>): ShiftView => ({
  ...young,
  level: 'device',
  subject: 'mill-1',
  stream: 'confidence',
  sinceMs: 5000,
  logE: 20,
  stabilityIndex: 0.2,
  jensenShannon: 0.1,
  ...changes,
});
const accuracy = {
  ...young,
  level: 'release' as const,
  subject: '',
  accuracy: 0.8,
  referenceAccuracy: 0.98,
  standardError: 0.01,
  answers: 300,
  isLow: true,
};
const reply: DriftReply = {
  atMs: 0,
  watched: [old, young].map((each) => ({ ...each, devices: 4, streams: 18, lastAtMs: 0 })),
  drift: [
    shift({ stream: 'classes', stabilityIndex: 0.05 }),
    shift({ level: 'release', subject: '', stream: 'feature x', stabilityIndex: 0.4, sinceMs: 7000 }),
    shift({ stream: 'feature x', sinceMs: 3000 }),
    shift({ level: 'label', subject: 'site=a' }),
    shift({}),
    shift({ subject: 'mill-2', stabilityIndex: 0.3 }),
  ],
  accuracy: [{ ...accuracy, level: 'label', subject: 'site=a', accuracy: 0.5 }, accuracy],
  skippedWindows: 0,
};

describe('drift on the page', () => {
  it('is one line for a value, with the widest of what it was found on, since its first, the farthest first', () => {
    const [first, second] = releaseDrifts(reply);
    expect(first?.release).toBe('digits@1.1.0');
    expect(first?.lines).toEqual([
      { value: 'x', on: 'all devices together; by itself on mill-1', sinceMs: 3000, stabilityIndex: 0.4 },
      { value: 'confidence', on: 'site=a, 2 devices', sinceMs: 5000, stabilityIndex: 0.3 },
      { value: 'classes', on: 'mill-1', sinceMs: 5000, stabilityIndex: 0.05 },
    ]);
    expect(second).toEqual({ release: 'digits@1.0.0', devices: 4, streams: 18, lines: [], accuracy: null });
  });

  it('has the accuracy of the release, not that of a label', () => {
    expect(releaseDrifts(reply)[0]?.accuracy?.accuracy).toBe(0.8);
  });

  it('is far in words where it is far in numbers', () => {
    expect([0.05, 0.1, 0.24, 0.25].map(driftWord)).toEqual(['slightly', 'clearly', 'clearly', 'far']);
  });
});

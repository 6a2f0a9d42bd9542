import { expect, it } from 'vitest';
import { driftText } from '@bellwether/control-plane/cli/drift-verb';
import type { DriftReply } from '@bellwether/control-plane/http/drift-api';

const release = { model: 'digits', version: '1.1.0', manifest: 'a'.repeat(64) };
const watched = { ...release, devices: 12, streams: 18, lastAtMs: 0 };
const nothing: DriftReply = { atMs: 0, watched: [], drift: [], accuracy: [], skippedWindows: 0 };

it('bellwether drift says what drifts, on what, how far and since when, and what answers are likely to be worth', () => {
  const text = driftText({
    ...nothing,
    watched: [watched],
    drift: [
      {
        ...release,
        level: 'release',
        subject: '',
        stream: 'confidence',
        sinceMs: 0,
        logE: 23.03,
        stabilityIndex: 0.31,
        jensenShannon: 0.05,
      },
      {
        ...release,
        level: 'label',
        subject: 'site=a',
        stream: 'feature x',
        sinceMs: 60_000,
        logE: 11.5,
        stabilityIndex: 1,
        jensenShannon: 0.2,
      },
    ],
    accuracy: [
      {
        ...release,
        level: 'release',
        subject: '',
        accuracy: 0.81,
        referenceAccuracy: 0.97,
        standardError: 0.011,
        answers: 412.4,
        isLow: true,
      },
    ],
    skippedWindows: 3,
  });
  expect(text).toMatch(/digits@1\.1\.0\s+all devices\s+confidence\s+1970-01-01 00:00:00 UTC\s+0\.31\s+0\.05\s+10\.0/);
  expect(text).toMatch(/site=a\s+feature x\s+1970-01-01 00:01:00 UTC\s+1\.00\s+0\.20\s+5\.0/);
  expect(text).toMatch(/81\.0 % ± 2\.2 %\s+97\.0 %\s+low/);
  expect(text).toContain('3 windows could not be counted');
});

it('bellwether drift says that nothing drifts, and that nothing is watched, in different words', () => {
  expect(driftText(nothing)).toMatch(/^No release is watched yet/);
  expect(driftText({ ...nothing, watched: [watched] })).toMatch(/^Nothing drifts on 1 release\b/);
});

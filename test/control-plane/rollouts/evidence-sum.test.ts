import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { addSums, type EvidenceSum, keptSum, sumKey, sumOf } from '@bellwether/control-plane/rollouts/evidence-sum';
import type { EvidenceWindow } from '@bellwether/shared/contract/evidence-window';
import { armOf } from '../../support/telemetry-messages.js';

const count = fc.integer({ min: 0, max: 1000 });
const arms = fc.record({ stable: count, canary: count });
const sum: fc.Arbitrary<EvidenceSum> = fc.record({
  epoch: fc.constant(0),
  step: fc.constant(1),
  mode: fc.constant('split' as const),
  share: fc.constant(500),
  stable: fc.constant('a'.repeat(64)),
  canary: fc.constant('b'.repeat(64)),
  calls: arms,
  runnerMs: arms,
  labelled: arms,
  cells: fc.record({ error: arms, slow90: arms }, { requiredKeys: [] }),
  both: fc.record({ error: count }, { requiredKeys: [] }),
});

it('counters add up to the same in whatever order they come', () => {
  fc.assert(
    fc.property(fc.array(sum, { minLength: 2, maxLength: 6 }), fc.integer(), (sums, seed) => {
      const shuffled = sums.map((each, i) => ({ each, at: (i * 7919 + seed) % 13 })).toSorted((a, b) => a.at - b.at);
      expect(shuffled.map(({ each }) => each).reduce(addSums)).toEqual(sums.reduce(addSums));
    }),
  );
});

const windowAt = (startedAtMs: number, changes: Partial<EvidenceWindow> = {}): EvidenceWindow => ({
  rollout: 'r1',
  model: 'digits',
  segment: 1,
  slowMicros: {},
  startedAtMs,
  step: 0,
  mode: 'split',
  share: 1,
  stable: 'a'.repeat(64),
  canary: 'b'.repeat(64),
  calls: { stable: 1, canary: 1 },
  runnerMs: { stable: 1, canary: 1 },
  labelled: { stable: 0, canary: 0 },
  cells: {},
  both: {},
  ...changes,
});

it('a wrong clock makes no epoch that is not there', () => {
  const [created, arrived] = [1_000_000, 1_000_000 + 11 * 60_000];
  const epochAt = (ms: number) => sumOf({ window: windowAt(ms), arms: [] }, created, arrived).epoch;
  expect([0, created, created + 300_000, arrived, Number.MAX_SAFE_INTEGER].map(epochAt)).toEqual([0, 0, 1, 2, 2]);
  expect(sumKey(sumOf({ window: windowAt(0), arms: [] }, created, arrived))).toBe(
    sumKey(sumOf({ window: windowAt(created + 1), arms: [] }, created, arrived)),
  );
});

it('what a key’s calls say is the key’s: classes count only where each call was drawn by itself', () => {
  const latencies = Array.from({ length: 40 }, () => 2000);
  const arms = [armOf(latencies, { segment: 1, classes: [40, 0], confidence: [0, 40] })];
  const outputsOf = (stable: number) =>
    sumOf({ window: windowAt(1000, { calls: { stable, canary: 0 } }), arms }, 1000, 2000).outputs?.stable;
  expect(outputsOf(40)).toMatchObject({ classes: [40, 0], confidence: [0, 40] });
  // Three cameras called forty times.
  expect(outputsOf(3)).toMatchObject({ classes: [], confidence: [], compute: arms[0]?.compute });
});

it('what was not ordered leaves one row of a step, whatever a device makes up', () => {
  const steps = [
    { mode: 'split' as const, share: 5 },
    { mode: 'full' as const, share: 100 },
  ];
  const rollout = { createdAtMs: 1000, manifest: 'b'.repeat(64), steps, base: 'a'.repeat(64) };
  const ordered = { step: 0, share: 500 };
  const keyOf = (changes: Partial<EvidenceWindow>, startedAtMs = 2000) => {
    const kept = keptSum({ window: windowAt(startedAtMs, { ...ordered, ...changes }), arms: [] }, rollout, 900_000);
    return kept === undefined ? undefined : sumKey(kept);
  };
  const digests = Array.from({ length: 50 }, (_, i) => i.toString(16).padStart(64, '0'));
  const madeUp = [
    ...digests.flatMap((digest) => [{ stable: digest }, { canary: digest }]),
    ...Array.from({ length: 50 }, (_, share) => ({ share })),
    { mode: 'shadow' as const },
  ];
  expect(new Set(madeUp.flatMap((each, i) => [keyOf(each), keyOf(each, 2000 + i * 60_000)])).size).toBe(1);
  expect(keyOf({ step: 2 })).toBeUndefined();
  expect(new Set([keyOf({}), keyOf({}, 400_000), keyOf({ share: 1 })]).size).toBe(3);
  const full = digests.map((stable) => keyOf({ step: 1, mode: 'full', share: 10_000, stable }));
  expect(new Set(full).size).toBe(1);
});

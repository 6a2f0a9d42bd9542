import { expect, it } from 'vitest';
import { neighbourEpochs } from '@bellwether/control-plane/rollouts/neighbour-times';
import type { Window } from '@bellwether/shared/contract/window';
import { segmentMs } from '@bellwether/shared/evidence/counters';
import { armOf, windowOf } from '../../support/telemetry-messages.js';

const createdAtMs = 1_000_000_000;
const of = { model: 'digits', stable: 'a'.repeat(64), createdAtMs, since: 1 };
const fromMs = createdAtMs + segmentMs;

/** A minute of calls, which begins so long after the comparison does. */
function minute(atMs: number, latencies: readonly number[], changes: Parameters<typeof armOf>[1] = {}): Window {
  const wallStartMs = fromMs + atMs;
  return windowOf({ wallStartMs, wallEndMs: wallStartMs + 60_000, arms: [armOf(latencies, changes)] });
}

const calls = (count: number, micros: number) => Array.from({ length: count }, () => micros);
const before = minute(-60_000, [...calls(1000, 1000), ...calls(50, 1100)]);

it('a device without a canary counts its calls beyond 1.2 times its own earlier 90 % quantile, by epoch', () => {
  const windows = [
    minute(2 * segmentMs, calls(5, 5000)),
    minute(segmentMs - 60_000, [...calls(30, 1100), ...calls(70, 1300)]),
    minute(0, [...calls(90, 1000), ...calls(10, 2000)]),
    before,
  ];
  const epochs = neighbourEpochs(windows, of);
  expect(epochs?.toSorted((a, b) => a.epoch - b.epoch)).toEqual([
    { epoch: 1, calls: 200, slow: 80 },
    { epoch: 3, calls: 5, slow: 5 },
  ]);
});

it('what is a little slower is within what is tolerated of devices beside a canary too', () => {
  expect(neighbourEpochs([minute(0, calls(100, 1150)), before], of)).toEqual([{ epoch: 1, calls: 100, slow: 0 }]);
});

it('its limit is of a thousand calls, the last twenty thousand, and of the same release', () => {
  const now = minute(0, calls(100, 1000));
  expect(neighbourEpochs([now, minute(-60_000, calls(999, 1000))], of)).toBeUndefined();
  expect(neighbourEpochs([now, minute(-60_000, calls(1000, 1000), { manifest: 'f'.repeat(64) })], of)).toBeUndefined();
  expect(neighbourEpochs([now, minute(-60_000, calls(1000, 1000), { arm: 'canary' })], of)).toBeUndefined();
  // One that lies across the beginning belongs to neither.
  expect(neighbourEpochs([now, minute(-30_000, calls(1000, 1000))], of)).toBeUndefined();
  const slowOnceUponATime = minute(-180_000, calls(100_000, 9000));
  const recent = minute(-60_000, calls(20_000, 900));
  expect(neighbourEpochs([minute(0, calls(100, 1300)), recent, slowOnceUponATime], of)).toEqual([
    { epoch: 1, calls: 100, slow: 100 },
  ]);
});

import { describe, expect, it } from 'vitest';
import { liveFigures, withWindow } from '@bellwether/control-plane/telemetry/live-figures';
import { armOf, windowOf } from '../../support/telemetry-messages.js';

const other = 'f'.repeat(32);

describe('the figures of a device', () => {
  it('are true quantiles over all its windows and arms, and rates per second', () => {
    const fast = Array.from({ length: 98 }, () => 1000);
    const windows = [
      windowOf({ sequence: 0, arms: [armOf(fast)] }),
      windowOf({
        sequence: 1,
        arms: [armOf([500_000, 500_000], { model: 'vad', errors: { engine: 1 }, requests: 3 })],
      }),
    ];
    const figures = liveFigures(windows);
    expect(figures?.requestsPerSecond).toBeCloseTo(101 / 10);
    expect(figures?.errorsPerSecond).toBeCloseTo(0.1);
    expect(figures?.p50Ms).toBeCloseTo(1, 1);
    // The average of the windows' own p99 would be 250 ms.
    expect(figures?.p99Ms).toBeGreaterThan(490);
    expect(figures).toMatchObject({ agentCpuPct: 1, runnersCpuPct: 2, atMs: windows[1]?.wallEndMs });
  });

  it('follow the load: rates cover the last 15 s, quantiles the last minute', () => {
    const busy = [0, 1, 2].map((sequence) => windowOf({ sequence, arms: [armOf([1000, 1000])] }));
    const quiet = [3, 4, 5].map((sequence) => windowOf({ sequence }));
    expect(liveFigures(busy)?.requestsPerSecond).toBeCloseTo(6 / 15);
    const later = liveFigures([...busy, ...quiet]);
    expect(later?.requestsPerSecond).toBe(0);
    expect(later?.p50Ms).toBeCloseTo(1, 1);
  });

  it('leave shadow out, which answers nobody', () => {
    const figures = liveFigures([windowOf({ arms: [armOf([1000, 1000], { arm: 'shadow' })] })]);
    expect(figures).toMatchObject({ requestsPerSecond: 0, p50Ms: null, p99Ms: null });
  });

  it('are null before the first window', () => {
    expect(liveFigures([])).toBeNull();
  });
});

describe('the windows that count', () => {
  const sequences = (windows: readonly { readonly sequence: number }[]) => windows.map(({ sequence }) => sequence);
  const take = (order: readonly number[]) =>
    order.reduce<readonly ReturnType<typeof windowOf>[]>(
      (windows, sequence) => withWindow(windows, windowOf({ sequence })),
      [],
    );

  it('are those of the last minute, in whatever order they came', () => {
    const last = Array.from({ length: 12 }, (_, i) => i + 3);
    expect(sequences(take([...last, 0, 1, 2]))).toEqual(last);
    expect(sequences(take([14, 3, 2, 7, 7, 5, 4, 6, 13, 12, 11, 10, 9, 8]))).toEqual(last);
  });

  it('cannot grow without end, also when the device’s clock stands still', () => {
    const still = { startMs: 0, endMs: 5000 };
    const all = Array.from({ length: 500 }, (_, sequence) => windowOf({ sequence, ...still }));
    const kept = all.reduce<readonly ReturnType<typeof windowOf>[]>(withWindow, []);
    expect(kept).toHaveLength(64);
    expect(kept.at(-1)?.sequence).toBe(499);
  });

  it('start anew with the agent, and a late window of an older run changes nothing', () => {
    const now = withWindow(take([0, 1]), windowOf({ runId: other, sequence: 0, wallEndMs: 2_000_000_000_000 }));
    expect(now).toHaveLength(1);
    expect(withWindow(now, windowOf({ sequence: 9 }))).toBe(now);
  });
});

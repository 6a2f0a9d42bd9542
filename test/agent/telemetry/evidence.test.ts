import { describe, expect, it } from 'vitest';
import { Evidence, type TrialHead } from '@bellwether/agent/telemetry/evidence';
import { ComputeTimes, canaryLimit } from '@bellwether/agent/telemetry/evidence-slow';
import { logDeviceHarm } from '@bellwether/agent/telemetry/evidence-suspicion';

const stable = 'a'.repeat(64);
const canary = 'b'.repeat(64);
const head: TrialHead = {
  rollout: 'r1',
  step: 0,
  model: 'digits',
  mode: 'split',
  share: 5000,
  stable,
  canary,
  budgetMicros: 1e6,
};
const at = (ms: number) => ({ wallMs: 1_200_000 + ms, monotonicMs: 5_000 + ms });

function answered(
  arm: 'stable' | 'canary',
  segment: number,
  computeMicros: number,
  more: { key?: string; invalid?: boolean } = {},
) {
  const { invalid = false, ...key } = more;
  const release = { model: 'digits', version: '1.0.0', manifest: arm === 'stable' ? stable : canary };
  return { ...release, arm, segment, computeMicros, totalMicros: 0, reading: [], invalid, classes: 0, ...key };
}

/** So many stable calls of each of these times, outside any segment. */
function warmed(evidence: Evidence, count: number, micros: (i: number) => number = (i) => 1000 + i): void {
  for (let i = 0; i < count; i++) evidence.answered(answered('stable', 0, micros(i)));
}

describe('times of calls', () => {
  it('are no evidence before there are a thousand of stable’s own', () => {
    const evidence = new Evidence();
    warmed(evidence, 999);
    evidence.answered(answered('canary', evidence.begin(head, at(0)), 1e9));
    const [window] = evidence.takeWindows(at(1000));
    expect(window?.slowMicros).toEqual({});
    expect(Object.keys(window?.cells ?? {})).toEqual(['error', 'invalid', 'death']);
  });

  it('end the segment as soon as there are enough, so that those after are compared', () => {
    const evidence = new Evidence();
    warmed(evidence, 990);
    const before = evidence.begin(head, at(0));
    expect(evidence.current(head.model, at(1).wallMs)).toBe(before);
    warmed(evidence, 10);
    expect(evidence.current(head.model, at(2).wallMs)).toBe(0);
    const after = evidence.begin(head, at(2));
    expect(Object.keys(evidence.takeWindows(at(3)).at(-1)?.slowMicros ?? {})).toContain('slow50');
    expect(evidence.current(head.model, at(4).wallMs)).toBe(after);
  });

  it('end no segment of a shadow, which compares no times', () => {
    const evidence = new Evidence();
    const shadow = evidence.begin({ ...head, mode: 'shadow' }, at(0));
    warmed(evidence, 1000);
    expect(evidence.current(head.model, at(1).wallMs)).toBe(shadow);
  });

  it('are slow above the frozen quantiles of stable, and of the canary above those with the tolerance', () => {
    const evidence = new Evidence();
    warmed(evidence, 1000, (i) => 1000 + i);
    const segment = evidence.begin(head, at(0));
    const slow = { ...evidence.takeWindows(at(1))[0]?.slowMicros };
    expect(slow.slow50).toBeGreaterThanOrEqual(1.2 * 1499);
    expect(slow.slow50).toBeLessThan(1.2 * 1540);
    const limit = slow.slow99 ?? 0;
    for (const micros of [limit, limit + 1]) evidence.answered(answered('stable', segment, micros));
    const tolerated = Math.floor(limit * 1.2);
    for (const micros of [limit + 1, tolerated, tolerated + 1]) evidence.answered(answered('canary', segment, micros));
    const [window] = evidence.takeWindows(at(2));
    expect(window?.cells['slow99']).toEqual({ stable: 1, canary: 1 });
    expect(window?.cells['slow50']).toEqual({ stable: 2, canary: 3 });
  });

  it('are held to limits that the canary cannot move: they stay for the rollout', () => {
    const evidence = new Evidence();
    warmed(evidence, 1000);
    evidence.begin(head, at(0));
    const before = evidence.takeWindows(at(1))[0]?.slowMicros;
    warmed(evidence, 5000, () => 50_000);
    evidence.begin({ ...head, share: 6000 }, at(2));
    expect(evidence.takeWindows(at(3)).at(-1)?.slowMicros).toEqual(before);
    evidence.begin({ ...head, rollout: 'r2' }, at(4));
    expect(evidence.takeWindows(at(5)).at(-1)?.slowMicros).not.toEqual(before);
  });

  it('are held to a coarse limit while the canary runs seldom, with cold caches, and to none once stable does', () => {
    const evidence = new Evidence();
    warmed(evidence, 1000);
    evidence.begin({ ...head, share: 5000 }, at(0));
    const even = evidence.takeWindows(at(1))[0]?.slowMicros ?? {};
    const segment = evidence.begin({ ...head, share: 500 }, at(2));
    const cold = 4 * (even['slow90'] ?? 0);
    for (const micros of [cold, cold + 5000]) evidence.answered(answered('canary', segment, micros));
    expect(evidence.takeWindows(at(3)).at(-1)).toMatchObject({
      slowMicros: { slow50: even['slow50'], slow90: even['slow90'] },
      cells: { slow90: { canary: 1 } },
    });
    evidence.begin({ ...head, share: 9500 }, at(4));
    expect(evidence.takeWindows(at(5)).at(-1)?.slowMicros).toEqual({});
  });

  it('are stable’s own: what the canary took is not among them, and takes nothing from them', () => {
    const evidence = new Evidence();
    warmed(evidence, 999);
    const segment = evidence.begin(head, at(0));
    evidence.answered(answered('canary', segment, 1e6));
    evidence.answered(answered('stable', segment, 1000));
    evidence.begin({ ...head, share: 6000 }, at(1));
    expect(evidence.takeWindows(at(2)).at(-1)?.slowMicros['slow99']).toBeLessThan(3000);
  });

  it('forget what was long ago', () => {
    const times = new ComputeTimes();
    for (let i = 0; i < 20_000; i++) times.add(100);
    for (let i = 0; i < 40_001; i++) times.add(10_000);
    expect(times.frozen().limits(5000, 1e6).slow50?.stable).toBeGreaterThan(9_000);
  });

  it.each([
    [10_000, 1e6, 12_000],
    [100, 1e6, 300],
    [9_500, 10_000, 10_000],
    // Stable itself is beyond what the canary promises: that says nothing about the canary.
    [20_000, 10_000, 24_000],
  ])('stable’s %i µs with a budget of %i µs make a limit of %i µs', (of, budget, limit) => {
    expect(canaryLimit(of, budget)).toBe(limit);
  });
});

describe('a segment', () => {
  it('counts what was drawn in it, in the window of the answer, though it is over', () => {
    const evidence = new Evidence();
    const first = evidence.begin(head, at(0));
    const second = evidence.begin({ ...head, share: 5000 }, at(1000));
    evidence.answered(answered('canary', first, 10));
    evidence.failed({ ...answered('stable', second, 10), code: 'engine' });
    expect(evidence.takeWindows(at(1500))).toMatchObject([
      { segment: first, calls: { stable: 0, canary: 1 }, runnerMs: { stable: 1000, canary: 1000 } },
      { segment: second, calls: { stable: 1, canary: 0 }, cells: { error: { stable: 1, canary: 0 } } },
    ]);
    expect(evidence.takeWindows(at(1500))).toEqual([]);
  });

  it('ends at every full five minutes of the wall, so that those of a fleet lie side by side', () => {
    const evidence = new Evidence();
    const segment = evidence.begin(head, { wallMs: 299_999, monotonicMs: 0 });
    expect(evidence.current('digits', 299_999)).toBe(segment);
    expect(evidence.current('digits', 300_000)).toBe(0);
  });

  it('takes one event of a key, and its first call’s time', () => {
    const evidence = new Evidence();
    warmed(evidence, 1000);
    const segment = evidence.begin(head, at(0));
    for (const micros of [10, 1e6, 1e6]) evidence.answered(answered('canary', segment, micros, { key: 'k' }));
    for (let i = 0; i < 3; i++) evidence.answered(answered('canary', segment, 10, { key: 'k', invalid: true }));
    for (let i = 0; i < 2; i++) evidence.answered(answered('canary', segment, 10, { key: 'other' }));
    const [window] = evidence.takeWindows(at(1));
    expect(window?.calls.canary).toBe(2);
    expect(window?.cells).toMatchObject({ invalid: { canary: 1 }, slow50: { canary: 0 }, error: { canary: 0 } });
  });

  it('of a shadow counts pairs: what both did apart from what only one did', () => {
    const evidence = new Evidence();
    const segment = evidence.begin({ ...head, mode: 'shadow' }, at(0));
    const good = { bad: null, computeMicros: 5 };
    const failed = { bad: 'error', computeMicros: null } as const;
    evidence.paired({ segment, stable: good, canary: failed });
    evidence.paired({ segment, stable: failed, canary: failed });
    evidence.paired({ segment, stable: failed, canary: { ...good, bad: 'invalid' } });
    evidence.answered(answered('stable', segment, 5));
    const [window] = evidence.takeWindows(at(1));
    expect(window).toMatchObject({
      calls: { stable: 3, canary: 3 },
      cells: { error: { stable: 1, canary: 1 }, invalid: { stable: 0, canary: 1 } },
      both: { error: 1 },
    });
    expect(window?.cells['slow50']).toBeUndefined();
  });

  it('learns the truth about its answers, and of a shadow about both', () => {
    const evidence = new Evidence();
    const split = evidence.begin(head, at(0));
    evidence.judged({ ...answered('canary', split, 5), correct: false });
    evidence.judged({ ...answered('stable', split, 5), correct: true });
    const shadow = evidence.begin({ ...head, mode: 'shadow' }, at(1));
    evidence.judged({ ...answered('stable', shadow, 5), correct: true, shadowCorrect: false });
    evidence.judged({ ...answered('stable', shadow, 5), correct: false, shadowCorrect: false });
    evidence.judged({ ...answered('stable', shadow, 5), correct: true });
    expect(evidence.takeWindows(at(2))).toMatchObject([
      { labelled: { stable: 1, canary: 1 }, cells: { wrong: { stable: 0, canary: 1 } } },
      { labelled: { stable: 2, canary: 2 }, cells: { wrong: { stable: 0, canary: 1 } }, both: { wrong: 1 } },
    ]);
  });
});

describe('what a device suspects by itself', () => {
  const segments = (canaryErrors: number, stableErrors: number, share = 500) => [
    {
      mode: 'split' as const,
      share,
      startedAtMs: 0,
      life: new Map([['error' as const, { canary: canaryErrors, stable: stableErrors }]]),
    },
  ];

  it('grows with errors of the canary alone, and not with those of both', () => {
    expect(logDeviceHarm([])).toBeCloseTo(0);
    expect(logDeviceHarm(segments(0, 0))).toBeCloseTo(0);
    expect(logDeviceHarm(segments(8, 0))).toBeGreaterThan(Math.log(1e4));
    expect(logDeviceHarm(segments(8, 152))).toBeLessThan(Math.log(10));
    expect(logDeviceHarm(segments(60, 60, 5000))).toBeLessThan(Math.log(10));
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Governing, govern, lookMs, ungoverned } from '@bellwether/agent/telemetry/governor';

const rules = { ceilingPct: 15, steps: 2 };
const minuteMs = 60_000;

/** Looks one after the other; `cost` says what the agent takes with so many steps left out. Answers every change, and the end. */
function run(
  minutes: number,
  cost: (shed: number, nowMs: number) => number,
  from: { readonly governing: Governing; readonly nowMs: number } = { governing: ungoverned, nowMs: 0 },
) {
  const changes: { readonly shed: number; readonly atMs: number }[] = [];
  let { governing, nowMs } = from;
  for (const endMs = nowMs + minutes * minuteMs; nowMs < endMs; ) {
    nowMs += lookMs;
    const next = govern(governing, cost(governing.shed, nowMs), nowMs, rules);
    if (next.shed !== governing.shed) changes.push({ shed: next.shed, atMs: nowMs });
    governing = next;
  }
  return { changes, governing, nowMs };
}

describe('the governor', () => {
  it('leaves nothing out below the ceiling, nor at it', () => {
    expect(run(60, () => 15).changes).toEqual([]);
  });

  it('takes half a minute for a step, and one step at a time', () => {
    expect(run(10, () => 20).changes).toEqual([
      { shed: 1, atMs: 30_000 },
      { shed: 2, atMs: 60_000 },
    ]);
  });

  it('stays where one step was enough', () => {
    const { changes, governing } = run(60, (shed) => (shed === 0 ? 20 : 12));
    expect(changes.map(({ shed }) => shed)).toEqual([1]);
    expect(governing.meanPct).toBe(12);
  });

  it('does not mind one look, whatever it says: a swap', () => {
    expect(run(10, (_shed, nowMs) => (nowMs === 60_000 ? 60 : 5)).changes).toEqual([]);
  });

  it('brings back the last step first, well below the ceiling and after two minutes', () => {
    const busy = run(2, () => 20);
    expect(busy.governing.shed).toBe(2);
    expect(run(60, () => 11, busy).changes).toEqual([]);
    const { changes } = run(60, () => 10, busy);
    expect(changes).toEqual([
      { shed: 1, atMs: 180_000 },
      { shed: 0, atMs: 300_000 },
    ]);
  });

  it('tries again ever more seldom where what comes back is too dear every time', () => {
    const { changes } = run(24 * 60, (shed) => (shed === 0 ? 20 : 5));
    const returns = changes.filter(({ shed }) => shed === 0).map(({ atMs }) => atMs);
    expect(returns.length).toBeGreaterThan(5);
    expect(returns.length).toBeLessThan(32);
    expect((returns.at(-1) ?? 0) - (returns.at(-2) ?? 0)).toBeGreaterThan(55 * minuteMs);
  });

  it('follows a ceiling that an order sets lower', () => {
    let governing = ungoverned;
    for (let look = 1; look <= 12; look++) {
      governing = govern(governing, 8, look * lookMs, { ceilingPct: look <= 6 ? 15 : 5, steps: 2 });
    }
    expect(governing.shed).toBe(1);
  });

  it('has nothing to leave out where there are no steps', () => {
    expect(govern({ ...ungoverned, looks: [90, 90, 90, 90, 90] }, 90, 0, { ceilingPct: 15, steps: 0 }).shed).toBe(0);
  });

  it('under any load sheds only above the ceiling, keeps to the steps there are, and brings all back when the load is gone', () => {
    const loads = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(loads, (minutes) => {
        const load = (nowMs: number) => minutes[Math.floor((nowMs - 1) / minuteMs)] ?? 0;
        const seen: number[] = [];
        const { changes, ...end } = run(minutes.length, (_shed, nowMs) => {
          seen.push(load(nowMs));
          return load(nowMs);
        });
        let last = 0;
        for (const { shed, atMs } of changes) {
          expect(Math.abs(shed - last)).toBe(1);
          expect(shed).toBeLessThanOrEqual(rules.steps);
          const looks = seen.slice(0, atMs / lookMs).slice(-6);
          const mean = looks.reduce((sum, pct) => sum + pct, 0) / 6;
          if (shed > last) expect(mean).toBeGreaterThan(15);
          else expect(mean).toBeLessThan(10.5);
          last = shed;
        }
        expect(run(125, () => 0, end).governing.shed).toBe(0);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { limitsOf } from '@bellwether/control-plane/rollouts/verdict/evidence-policy';
import type { DeviceEvidence } from '@bellwether/control-plane/rollouts/verdict/fleet-evidence';
import { cleanCallsToPass, isPromoted, promotionProgress } from '@bellwether/control-plane/rollouts/verdict/promotion';
import type { SegmentCounters } from '@bellwether/shared/evidence/counters';
import { arms, device, devices, segment, standardLimits } from '../../../support/fleet-evidence.js';

/** Only errors are measured; `calls` of the canary and none of them bad, unless it says so. */
function errorsOnly(calls: number, changes: Partial<SegmentCounters> = {}): SegmentCounters {
  return segment({ calls: arms(19 * calls, calls), cells: { error: arms(0, 0) }, ...changes });
}

const passes = (fleet: readonly DeviceEvidence[]) => isPromoted(promotionProgress(fleet, standardLimits));

function choose(n: number, k: number): number {
  let value = 1;
  for (let i = 0; i < k; i++) value = (value * (n - i)) / (i + 1);
  return value;
}

const binomial = (n: number, k: number, p: number) => choose(n, k) * p ** k * (1 - p) ** (n - k);

describe('a pass', () => {
  it('takes 812 clean calls by absolute limits, and tells so beforehand', () => {
    expect(cleanCallsToPass(standardLimits)).toBe(812);
    expect(passes(devices(1, [errorsOnly(812)]))).toBe(true);
    expect(passes(devices(1, [errorsOnly(811)]))).toBe(false);
  });

  it('takes no absolute limit when stable errs as often', () => {
    expect(passes(devices(1, [errorsOnly(2000, { cells: { error: arms(380, 20) } })]))).toBe(true);
    expect(passes(devices(1, [errorsOnly(2000, { cells: { error: arms(380, 40) } })]))).toBe(false);
  });

  it('of a release that is as bad as both limits at once has a chance of at most β, by enumeration', () => {
    const limits = { ...limitsOf({}), maxBad: 0.06, maxRatio: 2 };
    let expectation = 0;
    for (let canary = 0; canary <= 60; canary++) {
      for (let stable = 0; stable <= 60; stable++) {
        const found = errorsOnly(60, { share: 0.5, calls: arms(60, 60), cells: { error: arms(stable, canary) } });
        const [cell] = promotionProgress(devices(1, [found]), { ...limits, beta: 1e-200 });
        expectation += binomial(60, canary, 0.06) * binomial(60, stable, 0.03) * Math.exp(cell?.logE ?? 0);
      }
    }
    // The maximum of the two e-values, in place of their mean, has an expectation of 1.4.
    expect(expectation).toBeLessThan(1.005);
    expect(expectation).toBeGreaterThan(0.9);
  });

  it('of a release that is slow at both limits at once has a chance of at most β, by enumeration', () => {
    // One call in ten is slow, which is the most that slow90 lets be, and two thirds as many of stable's.
    let expectation = 0;
    for (let canary = 0; canary <= 50; canary++) {
      for (let stable = 0; stable <= 50; stable++) {
        const found = errorsOnly(50, { share: 0.5, calls: arms(50, 50), cells: { slow90: arms(stable, canary) } });
        const cell = promotionProgress(devices(1, [found]), { ...standardLimits, beta: 1e-200 }).find(
          (each) => each.cell === 'slow90',
        );
        expectation += binomial(50, canary, 0.1) * binomial(50, stable, 0.1 / 1.5) * Math.exp(cell?.logE ?? Number.NaN);
      }
    }
    expect(expectation).toBeLessThan(1.02);
    expect(expectation).toBeGreaterThan(0.9);
  });

  it('does not wait for slow calls where neither arm ever has one', () => {
    const quiet = errorsOnly(812, { cells: { error: arms(0, 0), slow50: arms(0, 0), slow90: arms(0, 0) } });
    expect(passes(devices(1, [quiet]))).toBe(true);
    expect(isPromoted(promotionProgress(devices(1, [quiet]), standardLimits, 1))).toBe(false);
  });

  it('is not given to a canary that is slower than stable’s own quantile allows, where stable is not', () => {
    const slow = (canary: number) => errorsOnly(2000, { cells: { error: arms(0, 0), slow90: arms(190, canary) } });
    expect(passes(devices(1, [slow(20)]))).toBe(true);
    expect(passes(devices(1, [slow(250)]))).toBe(false);
  });

  it('is nobody’s without evidence', () => {
    expect(isPromoted([])).toBe(false);
    expect(passes(devices(5, []))).toBe(false);
  });
});

describe('the word of one device', () => {
  it('counts for a fifth among five', () => {
    const [liar, ...others] = devices(5, [errorsOnly(164)]);
    expect(passes([...others, device('liar', [errorsOnly(164)])])).toBe(true);
    expect(passes([...others, device('liar', [errorsOnly(1_000_000)])])).toBe(true);
    expect(
      passes([...others.slice(1), device('quiet', [errorsOnly(60)]), device('liar', [errorsOnly(1_000_000)])]),
    ).toBe(false);
    expect(liar).toBeDefined();
  });

  it('does not count for more because the others have not spoken yet', () => {
    expect(passes([device('liar', [errorsOnly(1_000_000)]), device('b', []), device('c', [])])).toBe(false);
  });

  it('counts for all where there is no other, and for a half of two', () => {
    expect(passes([device('a', [errorsOnly(10_000)])])).toBe(true);
    expect(passes([device('a', [errorsOnly(10_000)]), device('b', [errorsOnly(300)])])).toBe(false);
    expect(passes([device('a', [errorsOnly(10_000)]), device('b', [errorsOnly(409)])])).toBe(true);
  });

  it('is waited for where it has no calls only if fewer than two others have some', () => {
    const idle = (name: string, segments: readonly SegmentCounters[] = []) => ({
      ...device(name, segments),
      isIdle: true,
    });
    const two = devices(2, [errorsOnly(410)]);
    const [one] = two;
    if (one === undefined) throw new Error('two devices');
    // Of five the two others would give two fifths at most.
    expect(passes([...two, device('x', []), device('y', []), device('z', [])])).toBe(false);
    expect(passes([...two, idle('x'), idle('y'), idle('z')])).toBe(true);
    // What it showed while it had calls counts, for and against.
    expect(passes([...devices(2, [errorsOnly(300)]), idle('x', [errorsOnly(300)])])).toBe(true);
    expect(passes([...two, idle('x', [errorsOnly(20, { cells: { error: arms(0, 5) } })])])).toBe(false);
    // One alone does not decide among several, a liar least of all.
    expect(passes([device('a', [errorsOnly(1_000_000)]), idle('x'), idle('y')])).toBe(false);
    // The calls came at once, and then no more: those that had some decide.
    expect(passes([idle('a', [errorsOnly(410)]), idle('b', [errorsOnly(410)]), idle('x'), idle('y')])).toBe(true);
    expect(passes([idle('a', [errorsOnly(1_000_000)]), idle('x')])).toBe(false);
    expect(passes([idle('x'), idle('y')])).toBe(false);
  });

  it('is never cut when it speaks against the canary', () => {
    const fleet = devices(9, [errorsOnly(200)]);
    expect(passes(fleet)).toBe(true);
    expect(passes([...fleet, device('bad', [errorsOnly(200, { cells: { error: arms(0, 5) } })])])).toBe(false);
  });

  it('counts among those who can measure the cell: labels come from few devices', () => {
    const labelled = (cells: SegmentCounters['cells']) =>
      errorsOnly(400, { labelled: arms(5700, 300), cells: { error: arms(0, 0), ...cells } });
    const mute = devices(20, [labelled({})]);
    const told = ['x', 'y', 'z'].map((name) => device(name, [labelled({ wrong: arms(0, 0) })]));
    expect(passes([...mute, ...told])).toBe(true);
  });
});

describe('what a stratum needs', () => {
  it('is its own evidence', () => {
    const pi = devices(5, [errorsOnly(500)], 'pi');
    const progress = promotionProgress([...pi, device('j', [errorsOnly(50)], 'jetson')], standardLimits);
    expect(isPromoted(progress.filter(({ stratum }) => stratum === 'pi'))).toBe(true);
    expect(isPromoted(progress.filter(({ stratum }) => stratum === 'jetson'))).toBe(false);
  });

  it('is every cell that any stratum can measure: nothing passes where nobody looked', () => {
    const slow = errorsOnly(5000, { cells: { error: arms(0, 0), slow90: arms(9500, 350) } });
    const pi = devices(5, [slow], 'pi');
    expect(passes(pi)).toBe(true);
    expect(passes([...pi, device('j', [errorsOnly(5000)], 'jetson')])).toBe(false);
    expect(passes([...pi, device('j', [slow], 'jetson')])).toBe(true);
  });

  it('is nothing about time from shadow calls', () => {
    const pairs = errorsOnly(1000, {
      mode: 'shadow',
      calls: arms(1000, 1000),
      cells: { error: arms(0, 0), slow90: arms(0, 900) },
    });
    expect(passes(devices(5, [pairs]))).toBe(true);
  });

  it('counts what both arms of a pair got wrong against an absolute limit', () => {
    const pairs = (both: number) =>
      errorsOnly(1000, { mode: 'shadow', calls: arms(1000, 1000), both: { error: both } });
    expect(passes(devices(1, [pairs(0)]))).toBe(true);
    expect(passes(devices(1, [pairs(50)]))).toBe(false);
  });
});

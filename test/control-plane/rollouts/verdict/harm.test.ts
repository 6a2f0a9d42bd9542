import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellWeights } from '@bellwether/control-plane/rollouts/verdict/evidence-policy';
import { type Harm, harmOf, loneVoice } from '@bellwether/control-plane/rollouts/verdict/harm';
import { tallyOf, without } from '@bellwether/control-plane/rollouts/verdict/tally';
import { gatingCells, noCount, type SegmentCounters } from '@bellwether/shared/evidence/counters';
import { anyFleet, arms, device, devices, segment, standardLimits } from '../../../support/fleet-evidence.js';
import { plainHarm } from '../../../support/harm-oracle.js';

/** Every rate matters, so that E is what its definition says. */
const limits = { ...standardLimits, ignoreBelow: 0 };
const needed = Math.log(100);
const both = ['jetson', 'pi'];

/** What the canary did, and what stable did, as two segments of one epoch. */
function halvesOf(one: SegmentCounters): SegmentCounters[] {
  const cells = Object.entries(one.cells);
  const only = (arm: 'stable' | 'canary') =>
    Object.fromEntries(cells.map(([cell, each]) => [cell, { ...noCount, [arm]: each[arm] }]));
  return [
    { ...one, cells: only('canary') },
    { ...one, cells: only('stable'), both: {}, calls: noCount, labelled: noCount },
  ];
}

describe('the evidence of harm', () => {
  it('is what gambling on each bad call by itself would win', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(both), fc.constant([])), anyFleet, (strata, fleet) => {
        const { logE } = harmOf(tallyOf(fleet, strata), limits);
        expect(logE).toBeCloseTo(Math.log(plainHarm(fleet, strata, 1.25)), 9);
      }),
    );
  });

  it('does not depend on the order of devices and segments, nor on how segments are divided', () => {
    fc.assert(
      fc.property(anyFleet, (fleet) => {
        const divided = fleet.toReversed().map((each) => {
          return { ...each, segments: each.segments.flatMap(halvesOf).toReversed() };
        });
        const logE = harmOf(tallyOf(fleet, both), limits).logE;
        expect(harmOf(tallyOf(divided, both), limits).logE).toBeCloseTo(logE, 9);
      }),
    );
  });

  it('has weights that add up to 1, one for each cell', () => {
    expect(Object.keys(cellWeights).toSorted()).toEqual(gatingCells.toSorted());
    expect(Object.values(cellWeights).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
  });

  it('is 1 before anything happened', () => {
    expect(harmOf(tallyOf([], both), limits).logE).toBeCloseTo(0, 12);
    expect(harmOf(tallyOf(devices(5, [segment()]), []), standardLimits).logE).toBeCloseTo(0, 12);
  });

  it('names the cell and the stratum that it comes from', () => {
    const bad = segment({ cells: { slow95: arms(40, 40) } });
    const slow = segment({ cells: { slow95: arms(95, 5) } });
    const fleet = [...devices(9, [slow], 'pi'), device('j', [bad], 'jetson')];
    expect(harmOf(tallyOf(fleet, both), limits)).toMatchObject({ cell: 'slow95', stratum: 'jetson' });
    expect(harmOf(tallyOf(devices(9, [bad], 'pi'), []), limits)).toMatchObject({ cell: 'slow95', stratum: null });
  });

  it('takes a shadow call for its pair: slowness says nothing, and what both arms did counts for neither', () => {
    const shadow = segment({
      mode: 'shadow',
      calls: arms(500, 500),
      cells: { slow99: arms(0, 80), death: arms(0, 9) },
    });
    expect(harmOf(tallyOf([device('a', [shadow])], []), limits).logE).toBeCloseTo(0, 12);
    const outage = { ...shadow, cells: { error: arms(3, 3) }, both: { error: 400 } };
    expect(harmOf(tallyOf([device('a', [outage])], []), limits).logE).toBeLessThan(0);
  });

  it('counts deaths against the time that the runners were there', () => {
    const deaths = (canaryMs: number) =>
      harmOf(
        tallyOf([device('a', [segment({ runnerMs: arms(300_000, canaryMs), cells: { death: arms(1, 4) } })])], []),
        limits,
      );
    expect(deaths(30_000).logE).toBeGreaterThan(deaths(300_000).logE);
  });
});

describe('a rate that does not matter', () => {
  const healthy = Array.from({ length: 72 }, (_, epoch) => segment({ epoch, calls: arms(57_000, 3000) }));
  const fault = (bad: number, calls: number) =>
    segment({ epoch: 72, calls: arms(19 * calls, calls), cells: { error: arms(0, bad) } });

  it('speaks for the canary at most, however sure it is', () => {
    const rare = [...healthy, fault(20, 50_000)];
    expect(harmOf(tallyOf([device('a', rare)], []), standardLimits).logE).toBeLessThan(0.01);
    expect(harmOf(tallyOf([device('a', rare)], []), limits).logE).toBeGreaterThan(needed);
  });

  it('is the rate since the fault began: six good hours do not hide it', () => {
    // 20 of 216,100 calls are 0.009 %, less than 0.05 %; 20 of the last 100 are not.
    const harm = harmOf(tallyOf([device('a', [...healthy, fault(20, 100)])], []), standardLimits);
    expect(harm.logE).toBeGreaterThan(needed);
    expect(harm.since).toBe(72);
  });

  it('is taken at each part by itself: a rare harm beside does not excuse one that matters', () => {
    const two = segment({ calls: arms(1_900_000, 100_000), cells: { invalid: arms(0, 30), error: arms(0, 300) } });
    expect(harmOf(tallyOf([device('a', [two])], []), standardLimits)).toMatchObject({ cell: 'error' });
  });
});

describe('a lone voice', () => {
  const voice = (fleet: Parameters<typeof loneVoice>[0], strata: readonly string[], least = needed) => {
    const tally = tallyOf(fleet, strata);
    return loneVoice(fleet, { tally, harm: harmOf(tally, limits), needed: least }, limits);
  };

  it('is the device without which the least is left, and less than is needed', () => {
    fc.assert(
      fc.property(anyFleet, fc.double({ min: 0.05, max: 0.99, noNaN: true }), (fleet, part) => {
        const needs = Math.log(plainHarm(fleet, both, 1.25)) * part;
        fc.pre(fleet.length >= 3 && needs > 0.1);
        const rest = fleet.map((each) =>
          Math.log(
            plainHarm(
              fleet.filter((d) => d !== each),
              both,
              1.25,
            ),
          ),
        );
        const least = Math.min(...rest);
        fc.pre(Math.abs(least - needs) > 1e-6);
        const found = voice(fleet, both, needs);
        if (least >= needs) expect(found).toBeUndefined();
        else expect(found?.logE).toBeCloseTo(least, 9);
      }),
    );
  });

  it('is nobody among two devices, which cannot outvote each other', () => {
    const loud = segment({ cells: { error: arms(0, 20) } });
    expect(voice([device('a', [loud]), device('b', [segment()])], [])).toBeUndefined();
    expect(voice([device('a', [loud]), device('b', [segment()]), device('c', [])], [])?.device).toBe('a');
  });

  it('is nobody where three devices each tell the same', () => {
    expect(voice(devices(3, [segment({ cells: { error: arms(0, 20) } })]), [])).toBeUndefined();
  });

  it('is found among 5,000 devices in little time: nearly all of them are settled without a sum of their own', () => {
    const day = Array.from({ length: 288 }, (_, epoch) => segment({ epoch, cells: { slow50: arms(19, 1) } }));
    const fleet = devices(5000, day.slice(0, 12));
    fleet[7] = device('d7', [...day, segment({ epoch: 287, cells: { error: arms(0, 60) } })]);
    const tally = tallyOf(fleet, []);
    const harm: Harm = harmOf(tally, limits);
    const before = process.cpuUsage();
    expect(loneVoice(fleet, { tally, harm, needed }, limits)?.device).toBe('d7');
    const { user } = process.cpuUsage(before);
    // Measured 0.2 s of CPU, whatever else the machine does; a sum over the fleet for each device takes half a minute.
    expect(user / 1000).toBeLessThan(4000);
  });
});

describe('a tally without a device', () => {
  it('is the tally of the others', () => {
    fc.assert(
      fc.property(anyFleet, (fleet) => {
        const [first, ...others] = fleet;
        if (first === undefined) return;
        const a = harmOf(without(tallyOf(fleet, both), first), limits);
        expect(a.logE).toBeCloseTo(harmOf(tallyOf(others, both), limits).logE, 9);
      }),
    );
  });
});

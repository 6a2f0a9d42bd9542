import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, cohortOf, strataOf, stratumOf } from '@bellwether/control-plane/rollouts/cohort';

const key = '0123456789abcdef0123456789abcdef';
const candidates = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.constantFrom('rpi4', 'rpi5', 'x86')), {
    selector: ([index]) => index,
    minLength: 1,
    maxLength: 80,
  })
  .map((all) =>
    all.map(([index, stratum]): Candidate => ({ device: `d${index}`, labels: { hardware: stratum }, stratum })),
  );
const percent = fc.double({ min: 0.01, max: 100, noNaN: true });

describe('a cohort', () => {
  it('of more percent or devices has everybody of the smaller one', () => {
    fc.assert(
      fc.property(candidates, percent, percent, fc.integer({ min: 1, max: 90 }), (all, a, b, count) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        const small = cohortOf({ cohort: { percent: less } }, all, key);
        expect(cohortOf({ cohort: { percent: more } }, all, key)).toEqual(expect.arrayContaining([...small]));
        const few = cohortOf({ cohort: { devices: count } }, all, key);
        expect(cohortOf({ cohort: { devices: count + 1 } }, all, key).slice(0, few.length)).toEqual(few);
      }),
      { numRuns: 50 },
    );
  });

  it('takes its percent of each stratum by itself, at least one device of each, whatever their order', () => {
    fc.assert(
      fc.property(candidates, percent, (all, part) => {
        const cohort = new Set(cohortOf({ cohort: { percent: part } }, all, key));
        expect(new Set(cohortOf({ cohort: { percent: part } }, [...all].reverse(), key))).toEqual(cohort);
        for (const stratum of new Set(all.map((each) => each.stratum))) {
          const members = all.filter((each) => each.stratum === stratum);
          const taken = members.filter(({ device }) => cohort.has(device)).length;
          expect(taken).toBeGreaterThanOrEqual(1);
          expect(Math.abs(taken - (members.length * part) / 100)).toBeLessThan(1.000001);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is another one under another key, and the same under the same', () => {
    const all = Array.from({ length: 200 }, (_, i): Candidate => ({ device: `d${i}`, labels: {}, stratum: '' }));
    const of = (cohortKey: string) => cohortOf({ cohort: { percent: 10 } }, all, cohortKey);
    expect(of(key)).toHaveLength(20);
    expect(of(key)).toEqual(of(key));
    const other = of('f'.repeat(32));
    expect(of(key).filter((device) => other.includes(device)).length).toBeLessThan(10);
  });

  it('with a filter has only who matches it', () => {
    const all = ['rpi4', 'x86', 'rpi4'].map(
      (hardware, i): Candidate => ({ device: `d${i}`, labels: { hardware }, stratum: '' }),
    );
    const step = { cohort: { percent: 100 }, filter: { hardware: 'rpi4' } };
    expect(new Set(cohortOf(step, all, key))).toEqual(new Set(['d0', 'd2']));
    expect(cohortOf({ ...step, filter: { hardware: 'odd:_/"' } }, all, key)).toEqual([]);
  });

  it('counts devices over strata by their size', () => {
    const all = Array.from({ length: 100 }, (_, i): Candidate => {
      return { device: `d${i}`, labels: {}, stratum: i < 80 ? 'big' : 'small' };
    });
    const cohort = cohortOf({ cohort: { devices: 10 } }, all, key);
    expect(all.filter(({ device, stratum }) => stratum === 'small' && cohort.includes(device))).toHaveLength(2);
  });
});

describe('strata', () => {
  it('are the values that two devices have; the others are one of their own', () => {
    const of = (...hardware: string[]) =>
      strataOf(
        hardware.map((each) => ({ labels: { hardware: each } })),
        'hardware',
      );
    expect(of('a', 'a', 'b', 'b', 'c')).toEqual(['', 'a', 'b']);
    expect(of('a', 'a')).toEqual(['a']);
    expect(of('a', 'b')).toEqual(['']);
    expect(strataOf([{ labels: {} }, { labels: {} }], 'hardware')).toEqual(['']);
    expect(stratumOf({ hardware: 'c' }, 'hardware', ['', 'a'])).toBe('');
    expect(stratumOf({ hardware: 'a' }, 'hardware', ['', 'a'])).toBe('a');
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeviceEvidence } from '@bellwether/control-plane/rollouts/verdict/fleet-evidence';
import { disturbed, type Neighbour, suspects } from '@bellwether/control-plane/rollouts/verdict/interference';
import { judge } from '@bellwether/control-plane/rollouts/verdict/judge';
import { seededDice } from '../../../support/dice.js';
import { arms, device, devices, look, segment } from '../../../support/fleet-evidence.js';
import { binomial, type Dice } from '../../../support/random-counts.js';

/** Stable's slow calls of a device, one number for each epoch. */
function exposed(name: string, slow: readonly number[], calls = 1000, stratum = ''): DeviceEvidence {
  const of = (epoch: number, bad: number) =>
    segment({ epoch, calls: arms(calls, 50), cells: { error: arms(0, 0), slow90: arms(bad, 0) } });
  return device(
    name,
    slow.map((bad, epoch) => of(epoch, bad)),
    stratum,
  );
}

/** One without a canary; it has told of one epoch more, so that the others are over. */
function beside(name: string, slow: readonly number[], calls = 1000, stratum = ''): Neighbour {
  const epochs = [...slow, 0].map((bad, epoch) => ({ epoch, calls, slow: bad }));
  return { device: name, stratum, since: 0, epochs };
}

const many = (count: number, slow: readonly number[]) => Array.from({ length: count }, (_, i) => beside(`n${i}`, slow));
const input = (step: readonly DeviceEvidence[]) => ({ step, devices: step, alpha: 0.01 });
const found = (step: readonly DeviceEvidence[], neighbours: readonly Neighbour[]) =>
  disturbed(input(step), neighbours).map((each) => each.device);

describe('a canary is in stable’s way', () => {
  const weather = [100, 300, 500, 300];

  it('where stable is slower than before, and its neighbours are not', () => {
    const [reason] = disturbed(input([exposed('tight', weather)]), many(5, [100, 100, 100, 100]));
    expect(reason).toMatchObject({ device: 'tight', slow: 1200, calls: 4000, neighbours: 5 });
    expect(reason?.neighbourRate).toBeCloseTo(0.1, 9);
  });

  it('nowhere on a day on which all devices slow down', () => {
    expect(found([exposed('a', weather), exposed('b', weather)], many(5, weather))).toEqual([]);
    // A slow hour of the neighbours excuses as many calls as the device had in it.
    const [slowHour] = exposed('a', [20], 40).segments;
    const fewInIt = device('a', [
      ...(slowHour === undefined ? [] : [slowHour]),
      ...exposed('a', [0, 300, 300]).segments.slice(1),
    ]);
    expect(found([fewInIt], many(5, [900, 100, 100]))).toEqual(['a']);
  });

  it('where stable is slower than before and there is no neighbour: by its own time before alone', () => {
    const [reason] = disturbed(input([exposed('a', weather)]), []);
    expect(reason?.neighbours).toBe(0);
    expect(found([exposed('a', weather, 1000, 'pi')], many(5, weather))).toEqual(['a']);
  });

  it('nowhere before the same minutes are over on the neighbours', () => {
    const early = many(5, []).map((each) => ({ ...each, epochs: [{ epoch: 0, calls: 200, slow: 2 }] }));
    expect(found([exposed('a', [500])], early)).toEqual([]);
    expect(found([exposed('a', [500])], many(5, [100]))).toEqual(['a']);
    // They are there and have said nothing yet.
    expect(found([exposed('a', [500])], [{ ...beside('n', []), epochs: [] }])).toEqual([]);
  });

  it('whatever one neighbour in five says, and not where a third of them slowed down too', () => {
    const calm = many(
      4,
      weather.map(() => 100),
    );
    expect(found([exposed('a', weather)], [...calm, beside('liar', [900, 900, 900, 900])])).toEqual(['a']);
    expect(found([exposed('a', weather)], [...calm, beside('x', weather), beside('y', weather)])).toEqual([]);
  });

  it('compared with those whose limit is of the same time: another one is no neighbour', () => {
    const later = many(5, weather).map((each) => ({ ...each, since: 3 }));
    expect(found([exposed('a', weather)], later)).toEqual(['a']);
    expect(suspects(input([exposed('a', weather), exposed('b', [100, 100, 100, 100])]))).toEqual([
      { device: 'a', stratum: '', since: 0 },
    ]);
  });

  it('not by what a shadow does, nor where times are not measured', () => {
    const shadow = exposed('a', weather).segments.map((each) => ({ ...each, mode: 'shadow' as const }));
    expect(found([device('a', shadow), ...devices(2, [segment()])], [])).toEqual([]);
  });
});

/** The same from the definition: every call by itself, in plain numbers. */
function plainlyDisturbed(
  { segments }: DeviceEvidence,
  neighbours: readonly Neighbour[],
  devicesInStep: number,
): boolean {
  const judged = (withNeighbours: boolean): boolean => {
    const factors = new Map<number, number>();
    const newest = neighbours.flatMap(({ epochs }) => epochs.map(({ epoch }) => epoch)).sort((a, b) => b - a)[0] ?? -1;
    for (const { epoch } of segments) {
      if (!withNeighbours || neighbours.length === 0) {
        factors.set(epoch, 1);
        continue;
      }
      const of = neighbours.flatMap((each) => each.epochs.filter((one) => one.epoch === epoch && one.calls >= 30));
      const rates = of.map(({ slow, calls }) => (10 * slow) / calls).sort((a, b) => a - b);
      // The smallest that three quarters of them do not exceed.
      const least = rates.find((rate) => rates.filter((other) => other <= rate).length >= 0.75 * rates.length);
      if (epoch < newest && least !== undefined) factors.set(epoch, Math.max(1, least));
    }
    const own = segments.filter(({ epoch }) => factors.has(epoch));
    const calls = own.flatMap(({ epoch, calls: { stable }, cells }) =>
      Array.from({ length: stable }, (_, i) => ({
        isSlow: i < (cells.slow90?.stable ?? 0),
        limit: Math.min(0.9, 0.15 * (factors.get(epoch) ?? 1)),
      })),
    );
    if (calls.length === 0) return false;
    const limit = calls.reduce((sum, each) => sum + each.limit, 0) / calls.length;
    const rates = [1.5, 2, 3, 5, 10, 20].map((ratio) => limit * ratio).filter((rate) => rate < 1);
    const won = rates.map((rate) =>
      calls.reduce((capital, { isSlow }) => capital * (isSlow ? rate / limit : (1 - rate) / (1 - limit)), 1),
    );
    return rates.length > 0 && won.reduce((sum, each) => sum + each, 0) / won.length >= devicesInStep / 0.01;
  };
  return judged(false) && judged(true);
}

const slowCounts = fc.array(fc.nat(50), { minLength: 1, maxLength: 4 });

it('is what gambling on each call by itself finds', () => {
  fc.assert(
    fc.property(slowCounts, fc.array(slowCounts, { maxLength: 5 }), (own, others) => {
      const one = exposed('a', own, 50);
      const neighbours = others.map((slow, i) => beside(`n${i}`, slow, 50));
      expect(found([one], neighbours)).toEqual(plainlyDisturbed(one, neighbours, 1) ? ['a'] : []);
    }),
    { numRuns: 500 },
  );
});

/** A day in which every device’s rate of slow calls goes up and down with the weather, and a little by itself. */
function day(dice: Dice, { slowing, fleet }: { readonly slowing: number; readonly fleet: number }): string[] {
  const epochs = Array.from({ length: 12 }, (_, i) => 0.1 * (1 + 2 * Math.sin((Math.PI * i) / 12)));
  const slow = (factor: number) => {
    const own = 0.8 + 0.4 * dice();
    return epochs.map((rate) => binomial(dice, 400, Math.min(0.95, rate * own * factor)));
  };
  const step = Array.from({ length: fleet }, (_, i) => exposed(`d${i}`, slow(i === 0 ? slowing : 1), 400));
  const neighbours = Array.from({ length: 16 }, (_, i) => beside(`n${i}`, slow(1), 400));
  return found(step, neighbours);
}

it('on twenty days of weather takes none of ten exposed devices for disturbed, and finds the one that is', () => {
  const dice = seededDice(7);
  const quiet = Array.from({ length: 20 }, () => day(dice, { slowing: 1, fleet: 10 }));
  expect(quiet.flat()).toEqual([]);
  const disturbedDays = Array.from({ length: 5 }, () => day(dice, { slowing: 3, fleet: 10 }));
  expect(disturbedDays.filter(([first]) => first === 'd0')).toHaveLength(5);
});

it('switches the canary off on that device, says beside what, and holds nothing else up', () => {
  const calm = segment({ calls: arms(19_000, 1000), cells: { error: arms(0, 0), slow90: arms(1900, 70) } });
  const fleet = [...devices(5, [calm]), exposed('tight', [400])];
  const verdict = judge(look(fleet, { neighbours: many(4, [110]) }));
  expect(verdict).toMatchObject({ value: 'inconclusive', drop: ['tight'], reasons: [{ code: 'interference' }] });
  expect(verdict.reasons[0]?.text).toBe(
    'on tight 400 of 1000 (40 %) of stable’s calls are slower than nine in ten were before the canary came, 11 % at most on three in four of 4 devices without a canary; its canary is switched off',
  );
  expect(judge(look(fleet, { neighbours: many(4, [400]) })).drop).toEqual([]);
  expect(judge(look(fleet)).reasons[0]?.text).toContain('no device like it without a canary is there');
});

import { describe, expect, it } from 'vitest';
import { chartTimes, seriesByRelease } from '@bellwether/control-plane/console/day-series';
import { beginsAfter, kindGroups, mergedRows } from '@bellwether/control-plane/console/timeline-part';
import type { SeriesReply } from '@bellwether/control-plane/telemetry/series-api';
import { idOf, timelineEvent } from '../../support/operator-views.js';

const row = (id: number, changes: Parameters<typeof timelineEvent>[1] = {}) =>
  timelineEvent('pi', { id, atMs: id * 10, ...changes });
const about = { device: idOf('pi') };

describe('a timeline that is looked at', () => {
  it('has what was asked for and what has come since, each once, newest first', () => {
    const merged = mergedRows([row(3), row(1)], [row(5), row(3), row(2), row(4, { device: idOf('other') })], {
      about,
      group: 'all',
    });
    expect(merged.map(({ id }) => id)).toEqual([5, 3, 1]);
  });

  it('stands by time, also where something late comes in', () => {
    expect(mergedRows([row(3)], [row(4, { atMs: 1 })], { about, group: 'all' }).map(({ id }) => id)).toEqual([3, 4]);
  });

  it('shows of what comes only the kinds that were chosen', () => {
    const live = [row(5, { kind: 'device-online' }), row(4, { kind: 'runner-died' })];
    expect(mergedRows([], live, { about, group: 'machine' }).map(({ id }) => id)).toEqual([5]);
    const other = mergedRows([], [row(6, { rollout: 'r2' })], { about: { rollout: 'r1' }, group: 'all' });
    expect(other).toEqual([]);
  });

  it('shows of an answer to the choice before only what was chosen since', () => {
    const asked = [row(2, { kind: 'device-online' }), row(1, { kind: 'runner-died' })];
    expect(mergedRows(asked, [], { about, group: 'machine' }).map(({ id }) => id)).toEqual([2]);
  });

  it('is torn where more came than the page keeps, and whole where what came joins on', () => {
    expect(beginsAfter([row(9), row(7)], 5)).toBe(true);
    expect(beginsAfter([row(9), row(7)], 6)).toBe(false);
    expect(beginsAfter([], 6)).toBe(false);
  });

  it('has an end', () => {
    const live = Array.from({ length: 900 }, (_, i) => row(i + 1));
    expect(mergedRows([], live, { about, group: 'all' })).toHaveLength(500);
  });

  it('asks for no more kinds at a time than the server takes', () => {
    expect(Math.max(...kindGroups.map(([, , kinds]) => kinds.length))).toBeLessThanOrEqual(20);
  });
});

it('series of a day have the same moments, with gaps, the newest release first', () => {
  const one = (release: string, points: [number, number][]) => ({
    release,
    arm: null,
    label: null,
    device: null,
    points,
  });
  const reply: SeriesReply = {
    metric: 'total-p99',
    unit: 'ms',
    about: '',
    fromMs: 0,
    toMs: 9,
    step: 'hour',
    cursor: null,
    series: [one('digits@1.0.0', [[1, 5]]), one('digits@1.1.0', [[2, 7]])],
  };
  const times = chartTimes([reply, null]);
  expect(times).toEqual([1, 2]);
  expect(seriesByRelease(reply, times, new Map([['digits@1.0.0', '#123456']]))).toEqual([
    { label: 'digits@1.1.0', colour: '#7d8a84', values: [null, 7] },
    { label: 'digits@1.0.0', colour: '#123456', values: [5, null] },
  ]);
});

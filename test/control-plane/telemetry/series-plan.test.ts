import { describe, expect, it } from 'vitest';
import { pageOf } from '@bellwether/control-plane/telemetry/series-page';
import { planSeries } from '@bellwether/control-plane/telemetry/series-plan';
import { deviceId } from '../../support/telemetry-messages.js';

const hour = 3_600_000;
const nowMs = 500_000 * hour + 1234;
const devices = [
  { id: deviceId, labels: { hardware: 'pi' } },
  { id: 'jetson-0123456789abcdef', labels: { hardware: 'jetson', site: 'a' } },
];
const plan = (query: Parameters<typeof planSeries>[0]) =>
  planSeries(query, { nowMs, labelKeys: ['hardware'], devices });

describe('a question about series', () => {
  it('is about the last day of the whole fleet by the hour unless it says more', () => {
    expect(plan({ metric: 'total-p99' })).toMatchObject({
      level: 'hour',
      scopes: [''],
      arms: ['stable', 'canary'],
      fromMs: 500_000 * hour - 24 * hour,
      toMs: nowMs,
    });
  });

  it('is answered by the minute up to six hours', () => {
    expect(plan({ metric: 'requests', from: nowMs - 6 * hour }).level).toBe('minute');
    expect(plan({ metric: 'requests', from: nowMs - 6 * hour - 1 }).level).toBe('hour');
    expect(plan({ metric: 'requests', step: 'minute' }).level).toBe('minute');
  });

  it('reads devices by the hour: one, those with a label, those of a rollout', () => {
    expect(plan({ metric: 'requests', device: deviceId, from: nowMs - hour })).toMatchObject({
      level: 'hour',
      scopes: [deviceId],
    });
    expect(plan({ metric: 'requests', by: 'device', label: 'site=a' }).scopes).toEqual(['jetson-0123456789abcdef']);
    expect(plan({ metric: 'requests', rollout: 'r12' })).toMatchObject({ membersOf: 12, by: { scope: false } });
  });

  it('reads every value of a label', () => {
    expect(plan({ metric: 'requests', by: 'label:hardware' })).toMatchObject({
      scopes: { label: 'hardware' },
      by: { scope: true },
    });
  });

  it.each([
    ['a stretch that ends before it begins', { metric: 'requests', from: 5, to: 5 }, /not before/],
    [
      'a label that nothing is kept by',
      { metric: 'requests', by: 'label:room' },
      /label room; those that are: hardware/,
    ],
    ['such a label as a filter', { metric: 'requests', label: 'room=x' }, /label room/],
    ['minutes of a device', { metric: 'requests', device: deviceId, step: 'minute' }, /by the hour/],
    ['an arm of a machine', { metric: 'agent-cpu-p95', arm: 'stable' }, /no model, version or arm/],
    ['a label within a label', { metric: 'requests', label: 'hardware=pi', by: 'label:hardware' }, /whole fleet/],
  ] as const)('cannot be %s', (_name, query, message) => {
    expect(() => plan(query)).toThrow(expect.objectContaining({ code: 'series-impossible' }));
    expect(() => plan(query)).toThrow(message);
  });
});

describe('a page of series', () => {
  const view = (points: [number, number][]) => ({ release: null, arm: null, label: null, device: null, points });
  const a = view([
    [1, 10],
    [2, 20],
    [3, 30],
  ]);
  const b = view([
    [2, 5],
    [3, 6],
  ]);

  it('is everything that fits', () => {
    expect(pageOf([a, b], 5)).toEqual({ series: [a, b], cursor: null });
  });

  it('ends between two moments, and says where the next one begins', () => {
    const { series, cursor } = pageOf([a, b], 4);
    expect(series.map(({ points }) => points.length)).toEqual([2, 1]);
    expect(cursor).toBe('3');
  });

  it('never divides a moment: with more series than points it goes on all the same', () => {
    const wide = Array.from({ length: 4 }, () => view([[1, 1]]));
    expect(pageOf(wide, 2).cursor).toBeNull();
    expect(pageOf([...wide, a], 2)).toMatchObject({ cursor: '2' });
  });
});

import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { historyPoints, type LookPoint, withPoint } from '@bellwether/control-plane/rollouts/look-history';
import { LookHistoryStoreSql } from '@bellwether/control-plane/rollouts/look-history-store-sql';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';

const grown = (values: readonly number[]): readonly LookPoint[] =>
  values.reduce<readonly LookPoint[]>((points, logHarm, index) => {
    return withPoint(points, { atMs: index * 1000, step: 0, logHarm }).points;
  }, []);

it('keeps so many looks and no more, the newest and the highest among them, in their order', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 1, max: 1e6 }), (count, seed) => {
      const values = Array.from({ length: count }, (_, index) => Math.sin(index * seed) * 100);
      const points = grown(values);
      expect(points.length).toBeLessThanOrEqual(historyPoints);
      expect(points.at(-1)?.logHarm).toBe(values.at(-1));
      const times = points.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(new Set(times).size).toBe(times.length);
      expect(Math.max(...points.map(({ logHarm }) => logHarm))).toBe(Math.max(...values));
    }),
    { numRuns: 50 },
  );
});

let database: TestDatabase;
beforeEach(async () => {
  database = await temporaryDatabase();
});
afterEach(() => database.remove());

it('is stored as it is, also when looks have gone from it', () => {
  const store = new LookHistoryStoreSql(database.sqlite);
  let points: readonly LookPoint[] = [];
  for (let second = 0; second < historyPoints * 2; second++) {
    const point = { atMs: second * 1000, step: 1, logHarm: Math.sin(second) };
    const next = withPoint(points, point);
    points = next.points;
    store.note(7, next.isThinned ? { all: points } : { point });
  }
  store.close();
  expect(store.of(7)).toEqual(points);
  expect(store.of(8)).toEqual([]);
});

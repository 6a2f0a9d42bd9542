import { expect, it } from 'vitest';
import { RollUpBook } from '@bellwether/control-plane/telemetry/roll-up-book';
import { windowOf } from '../../support/telemetry-messages.js';

const dayMs = 86_400_000;

it('five hundred values of labels have series; one that nobody carries any more makes room for another after a day', () => {
  const book = new RollUpBook({ labelKeys: ['site'], isKnown: () => true });
  /** Which of them has a series after a window of a device there. */
  const add = (site: string, arrivedAtMs: number): readonly string[] => {
    book.clear();
    book.add({ window: windowOf(), arms: [], labels: { site }, arrivedAtMs });
    return [...new Set(book.sums().fleet.map(({ series }) => series.scope))].filter((scope) => scope !== '');
  };
  const startMs = 1_800_000_000_000;
  for (let i = 0; i < 500; i++) expect(add(`s${i}`, startMs)).toEqual([`site=s${i}`]);
  expect(add('new', startMs + dayMs)).toEqual([]);
  // All but one are gone for more than a day.
  expect(add('s7', startMs + dayMs)).toEqual(['site=s7']);
  expect(add('new', startMs + dayMs + 60_001)).toEqual(['site=new']);
  expect(add('s7', startMs + dayMs + 60_001)).toEqual(['site=s7']);
});

import { seededDice } from './dice.js';
import { DriftWatch, type WatchedRow } from './drift-watch.js';
import type { GasRow } from './gas-drift.js';
import { shuffled } from './shuffled.js';
import { type Labelled, SmallPerceptron } from './small-perceptron.js';

/** What came of one seed, by stream (`held`: rows of batches 1 and 2 that nobody has seen; `3` … `6`). */
export interface GasTrial {
  readonly rowsToAlarm: ReadonlyMap<string, number | undefined>;
  readonly accuracy: ReadonlyMap<string, number>;
  readonly confidence: ReadonlyMap<string, number>;
}

const gases = 6;
/** The steady response of each of the 16 sensors. */
const watched = Array.from({ length: 16 }, (_, sensor) => sensor * 8);

/** Trains on half of batches 1 and 2, takes a quarter as reference, and streams the last quarter and the other batches, shuffled. */
export function gasTrial(batches: ReadonlyMap<number, readonly GasRow[]>, seed: number): GasTrial {
  const dice = seededDice(seed);
  const early = shuffled([...(batches.get(1) ?? []), ...(batches.get(2) ?? [])], dice);
  const training = early.slice(0, early.length / 2);
  const reference = early.slice(early.length / 2, (early.length * 3) / 4);
  const standard = standardiser(training);
  const labelled = training.map(({ gas, values }): Labelled => ({ inputs: standard(values), label: gas }));
  const model = new SmallPerceptron(128, gases, dice).train(labelled, dice);
  const asked = ({ values }: GasRow): WatchedRow => {
    const probabilities = model.probabilities(standard(values));
    const confidence = Math.max(...probabilities);
    const index = probabilities.indexOf(confidence);
    return { values: watched.map((i) => values[i] ?? Number.NaN), classes: { index, of: gases }, confidence };
  };
  const watch = new DriftWatch(reference.map(asked));
  const later = [3, 4, 5, 6].map((batch) => ({ name: String(batch), rows: batches.get(batch) ?? [] }));
  const streams = [{ name: 'held', rows: early.slice((early.length * 3) / 4) }, ...later];
  const results = streams.map(({ name, rows }) => {
    const answered = shuffled(rows, dice).map((row) => ({ row, seen: asked(row) }));
    const right = answered.filter(({ row, seen }) => seen.classes?.index === row.gas).length;
    const confidence = answered.reduce((sum, { seen }) => sum + (seen.confidence ?? 0), 0) / rows.length;
    return {
      name,
      alarm: watch.rowsToAlarm(answered.map(({ seen }) => seen)),
      accuracy: right / rows.length,
      confidence,
    };
  });
  return {
    rowsToAlarm: new Map(results.map(({ name, alarm }) => [name, alarm])),
    accuracy: new Map(results.map(({ name, accuracy }) => [name, accuracy])),
    confidence: new Map(results.map(({ name, confidence }) => [name, confidence])),
  };
}

/** Zero mean and unit deviation over `rows`, feature by feature. */
function standardiser(rows: readonly GasRow[]): (values: readonly number[]) => Float64Array {
  const means = new Float64Array(128);
  const squares = new Float64Array(128);
  for (const { values } of rows) {
    for (const [i, value] of values.entries()) {
      means[i] = (means[i] ?? 0) + value / rows.length;
      squares[i] = (squares[i] ?? 0) + value ** 2 / rows.length;
    }
  }
  return (values) =>
    Float64Array.from(values, (value, i) => {
      const mean = means[i] ?? 0;
      return (value - mean) / Math.sqrt(Math.max((squares[i] ?? 0) - mean ** 2, 1e-12));
    });
}

import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Decoded, decodeMessage } from '@bellwether/control-plane/telemetry/device-message';
import { rangesOf } from '@bellwether/control-plane/telemetry/sequence-ranges';
import type { Arrival, Outcome } from '@bellwether/control-plane/telemetry/telemetry-store';
import { TelemetryStoreSql } from '@bellwether/control-plane/telemetry/telemetry-store-sql';
import { type TestDatabase, temporaryDatabase } from '../../support/database.js';
import { bytesOf, deviceId, windowOf } from '../../support/telemetry-messages.js';

const runs = ['a', 'b'].map((letter) => letter.repeat(32));
const devices = [deviceId, 'pi-00000000000000ff'];

let database: TestDatabase;
beforeAll(async () => {
  database = await temporaryDatabase(':memory:');
});
afterAll(() => database.remove());
beforeEach(() => {
  database.sqlite.exec(`delete from windows; delete from window_runs; delete from trimmed_windows;
    update counters set value = iif(name = 'windows-rolled-up', 1000000000, 0)`);
});

interface Sent {
  readonly device: string;
  readonly runId: string;
  readonly sequence: number;
}

/** Messages as they arrive; each is read once for all tests. */
const messages = new Map<string, Decoded>();
function arrival({ device, runId, sequence }: Sent, arrivedAtMs = 1000): Arrival {
  const key = `${device} ${runId} ${sequence}`;
  const known = messages.get(key);
  const decoded = known ?? decodeMessage(device, 'window', bytesOf(windowOf({ device, runId, sequence })));
  messages.set(key, decoded);
  return { device, what: 'window', arrivedAtMs, decoded };
}
const one = (sequence: number): Sent => ({ device: deviceId, runId: 'c'.repeat(32), sequence });
const ranges = () => database.sqlite.prepare('select first, last from trimmed_windows order by first').all();
const tooOld = { windowsBeforeMs: 9e9, eventsBeforeMs: 0, runsBeforeMs: 0, rejectedMessages: 9 };

/** One of: windows that come together, in any order and any of them for the second time; windows that go; another start of the server. */
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(
      fc.record({
        device: fc.constantFrom(...devices),
        runId: fc.constantFrom(...runs),
        sequence: fc.integer({ min: 0, max: 25 }),
      }),
      { minLength: 1, maxLength: 12 },
    ),
  },
  { weight: 2, arbitrary: fc.record({ trim: fc.integer({ min: 1, max: 15 }) }) },
  { weight: 1, arbitrary: fc.record({ shed: fc.integer({ min: 1, max: 15 }) }) },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);

/** A set of everything that ever came. */
class NeverForgets {
  readonly #seen = new Set<string>();
  readonly #highest = new Map<string, number>();
  #repeated = 0;

  take({ device, runId, sequence }: Sent): Outcome {
    const [run, key] = [`${device} ${runId}`, `${device} ${runId} ${sequence}`];
    this.#highest.set(run, Math.max(this.#highest.get(run) ?? 0, sequence));
    const isNew = !this.#seen.has(key);
    this.#seen.add(key);
    if (!isNew) this.#repeated++;
    return isNew ? 'stored' : 'duplicate';
  }

  summary(): { windowsReceived: number; windowsDuplicate: number; windowsLost: number } {
    const sent = [...this.#highest.values()].reduce((sum, last) => sum + last + 1, 0);
    const { size } = this.#seen;
    return { windowsReceived: size, windowsDuplicate: this.#repeated, windowsLost: sent - size };
  }
}

describe('a window', () => {
  it('counts once, as for somebody who never forgets, whenever it comes again and whatever is deleted meanwhile', () => {
    const property = fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
      database.sqlite.exec(`delete from windows; delete from window_runs; delete from trimmed_windows;
        update counters set value = 0 where name <> 'windows-rolled-up'`);
      let store = new TelemetryStoreSql(database.sqlite);
      const oracle = new NeverForgets();
      for (const each of steps) {
        if (each === 'restart') store = new TelemetryStoreSql(database.sqlite);
        else if ('trim' in each) store.trim({ ...tooOld, rowsPerPass: each.trim });
        else if ('shed' in each) store.shedWindows(each.shed, 9e9);
        else {
          const expected = each.map((sent) => oracle.take(sent));
          expect(store.commit(each.map((sent) => arrival(sent)))).toEqual(expected);
        }
      }
      expect(store.summary()).toMatchObject(oracle.summary());
    });
    fc.assert(property, { numRuns: 60 });
  });

  it('that is deleted leaves a range of its run, and what fills a gap joins two', () => {
    const store = new TelemetryStoreSql(database.sqlite);
    const take = (...sequences: readonly number[]) => store.commit(sequences.map((sequence) => arrival(one(sequence))));
    take(7, 8, 9, 3, 5, 99);
    store.trim({ ...tooOld, rowsPerPass: 5 });
    expect(ranges()).toEqual([
      { first: 3, last: 3 },
      { first: 5, last: 5 },
      { first: 7, last: 9 },
    ]);
    expect(take(8, 4, 6, 98)).toEqual(['duplicate', 'stored', 'stored', 'stored']);
    store.trim({ ...tooOld, rowsPerPass: 3 });
    expect(ranges()).toEqual([
      { first: 3, last: 9 },
      { first: 99, last: 99 },
    ]);
  });

  it('of a run with more gaps than are kept is taken for a repetition where the oldest gaps were, and stays lost', () => {
    const store = new TelemetryStoreSql(database.sqlite);
    const sequences = Array.from({ length: 520 }, (_, i) => 2 * i);
    store.commit([...sequences, 2000].map((sequence) => arrival(one(sequence))));
    store.trim({ ...tooOld, rowsPerPass: 520 });
    expect(ranges()).toHaveLength(500);
    expect(store.commit([arrival(one(1)), arrival(one(1001)), arrival(one(0))])).toEqual([
      'duplicate',
      'stored',
      'duplicate',
    ]);
    expect(store.summary()).toMatchObject({ windowsReceived: 522, windowsLost: 2001 - 522 });
  });

  it('is forgotten with its run', () => {
    const store = new TelemetryStoreSql(database.sqlite);
    const later = { ...one(0), runId: 'd'.repeat(32) };
    store.commit([arrival(one(0)), arrival(one(1)), arrival(later, 2000)]);
    store.trim({ ...tooOld, rowsPerPass: 10 });
    expect(ranges()).toEqual([{ first: 0, last: 1 }]);
    store.trim({ ...tooOld, runsBeforeMs: 1500, rowsPerPass: 10 });
    expect(ranges()).toEqual([]);
  });
});

it('sequences make ranges in whatever order they come', () => {
  expect(rangesOf([5, 3, 4, 9, 1, 9])).toEqual([
    { first: 1, last: 1 },
    { first: 3, last: 5 },
    { first: 9, last: 9 },
  ]);
});

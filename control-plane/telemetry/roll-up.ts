import type { HostWindow } from '@bellwether/shared/contract/window';
import { emptyHistogram, type Histogram, mergeInto, record } from '@bellwether/shared/evidence/histogram';
import { decodeHistogram, encodeHistogram, WireHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import type { CountedArm } from './device-message.js';

/**
 * Numbers of many windows as one: everything adds up, in any order [W-4]. A quantile of a roll-up is a true one, because
 * its histograms are sums and not averages of quantiles [W-5].
 */
export interface RollUp {
  readonly counts: Map<string, number>;
  readonly lists: Map<string, number[]>;
  readonly histograms: Map<string, Histogram>;
}

export function emptyRollUp(): RollUp {
  return { counts: new Map(), lists: new Map(), histograms: new Map() };
}

/** Adds one arm of a window: calls, errors by code (`error:engine`), answers by class and confidence, times in microseconds. */
export function addArm(into: RollUp, { arm, times }: CountedArm): void {
  count(into, 'windows', 1);
  count(into, 'requests', arm.requests);
  count(into, 'invalid', arm.invalid);
  count(into, 'runnerDeaths', arm.runnerDeaths);
  count(into, 'busyMs', arm.busyMs);
  for (const [code, errors] of Object.entries(arm.errors)) count(into, `error:${code}`, errors);
  if (arm.feedback !== undefined) {
    count(into, 'correct', arm.feedback.correct);
    count(into, 'wrong', arm.feedback.wrong);
  }
  addList(into, 'classes', arm.classes);
  addList(into, 'confidence', arm.confidence);
  addHistogram(into, 'compute', times.compute);
  addHistogram(into, 'total', times.total);
}

/** Adds the machine of a window: CPU, memory and disk in hundredths of a percent, temperature in tenths of a degree, below zero as zero. */
export function addHost(into: RollUp, host: HostWindow): void {
  count(into, 'windows', 1);
  recordInto(into, 'agentCpu', host.agentCpuPct * 100);
  recordInto(into, 'runnersCpu', host.runnersCpuPct * 100);
  recordInto(into, 'memoryUsed', usedShare(host.memoryAvailableBytes, host.memoryTotalBytes));
  recordInto(into, 'diskUsed', usedShare(host.diskFreeBytes, host.diskTotalBytes));
  if (host.temperatureC !== null) recordInto(into, 'temperature', host.temperatureC * 10);
}

/** Adds `other` into `into`. */
export function mergeRollUp(into: RollUp, other: RollUp): void {
  for (const [name, value] of other.counts) count(into, name, value);
  for (const [name, values] of other.lists) addList(into, name, values);
  for (const [name, histogram] of other.histograms) addHistogram(into, name, histogram);
}

/** A roll-up as it is stored. */
const StoredRollUp = Type.Object({
  counts: Type.Record(Type.String(), Type.Number()),
  lists: Type.Record(Type.String(), Type.Array(Type.Number())),
  histograms: Type.Record(Type.String(), WireHistogram),
});
const compiled = Compile(StoredRollUp);

/** As JSON text. */
export function writeRollUp({ counts, lists, histograms }: RollUp): string {
  const stored: Static<typeof StoredRollUp> = {
    counts: Object.fromEntries(counts),
    lists: Object.fromEntries(lists),
    histograms: Object.fromEntries([...histograms].map(([name, each]) => [name, encodeHistogram(each)])),
  };
  return JSON.stringify(stored);
}

/** Reads what `writeRollUp` wrote; throws TypeError on anything else: the database is damaged. */
export function readRollUp(text: string): RollUp {
  const stored: unknown = JSON.parse(text);
  if (!compiled.Check(stored)) throw new TypeError('a stored roll-up is none');
  return {
    counts: new Map(Object.entries(stored.counts)),
    lists: new Map(Object.entries(stored.lists)),
    histograms: new Map(Object.entries(stored.histograms).map(([name, each]) => [name, decodeHistogram(each)])),
  };
}

function count(into: RollUp, name: string, value: number): void {
  if (value !== 0) into.counts.set(name, (into.counts.get(name) ?? 0) + value);
}

/** Two releases may list other classes; of one release they are as many. The longer one stays. */
function addList(into: RollUp, name: string, values: readonly number[]): void {
  if (values.length === 0) return;
  const known = into.lists.get(name);
  if (known === undefined) {
    into.lists.set(name, [...values]);
    return;
  }
  for (const [i, value] of values.entries()) known[i] = (known[i] ?? 0) + value;
}

function addHistogram(into: RollUp, name: string, other: Histogram): void {
  mergeInto(histogramOf(into, name), other);
}

function recordInto(into: RollUp, name: string, value: number): void {
  record(histogramOf(into, name), value);
}

function histogramOf({ histograms }: RollUp, name: string): Histogram {
  const known = histograms.get(name);
  if (known !== undefined) return known;
  const created = emptyHistogram();
  histograms.set(name, created);
  return created;
}

/** Hundredths of a percent. */
function usedShare(free: number, total: number): number {
  return total > 0 ? (1 - free / total) * 10_000 : 0;
}

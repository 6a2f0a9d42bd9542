import type { DeviceEvent } from '@bellwether/shared/contract/event';
import type { Window } from '@bellwether/shared/contract/window';
import { bucketOf, type Histogram } from '@bellwether/shared/evidence/histogram';
import { parseReleaseId } from '@bellwether/shared/ids';
import type { CountedArm } from '../telemetry/device-message.js';
import { momentOf } from '../telemetry/series.js';
import type { CallsBefore } from './attribution-facts.js';
import { type CallCount, keptMinutes, rateMinutes, sumSince, withCount } from './call-counts.js';
import type { Reading, ReadingSource } from './reading.js';

/** Fewer calls say little about a rate. */
const minCallsOfRate = 50;
const minCallsOfBudget = 100;
const skewPeriodMs = 10 * 60_000;
/** Below it nothing is said of a clock: the network has its share. */
const leastSkewMs = 10_000;
const lossMs = 3_600_000;
/** Releases that are counted of one device. */
const maxReleases = 64;

/** What is counted of one device. */
interface DeviceFacts {
  /** Undefined: nobody has asked; null: there is none. */
  windowMs: number | null | undefined;
  /** By release. */
  readonly calls: Map<string, ReleaseCalls>;
  starts: readonly number[];
  /** The least time from a window's end to its arrival, in this period and the one before. */
  skew: { readonly periodMs: number; readonly leastMs: number; readonly beforeMs: number } | undefined;
  lost: number | undefined;
  losses: readonly { readonly atMs: number; readonly count: number }[];
}

interface ReleaseCalls {
  readonly model: string;
  readonly version: string;
  readonly counts: readonly CallCount[];
  /** The last minute in which anything was wrong; before the first: -1. */
  readonly badMinute: number;
}

interface WindowFactsParts {
  /** The p99 budget of a release in milliseconds; undefined of one that nobody knows. */
  readonly budgetMsOf: (model: string, version: string) => number | undefined;
  readonly isMember: (device: string) => boolean;
  /** How long the newest stored window of a device was; undefined where there is none. */
  readonly storedWindowMs: (device: string) => number | undefined;
}

/** What windows and events say of the last minutes, device by device: some hundred bytes of each. */
export class WindowFacts implements ReadingSource {
  readonly #parts: WindowFactsParts;
  readonly #devices = new Map<string, DeviceFacts>();

  constructor(parts: WindowFactsParts) {
    this.#parts = parts;
  }

  /** How long the device's newest window was; read once where none has come since the start. */
  windowMsOf(device: string): number | undefined {
    const facts = this.#factsOf(device);
    if (facts.windowMs === undefined) facts.windowMs = this.#parts.storedWindowMs(device) ?? null;
    return facts.windowMs ?? undefined;
  }

  /**
   * What a device's calls did in the minutes before this one, of those that are still counted: of a release's model, without
   * that release, or of all models.
   */
  callsBefore(device: string, atMs: number, release: string | undefined): CallsBefore | undefined {
    const all = this.#devices.get(device)?.calls ?? new Map<string, ReleaseCalls>();
    const model = release === undefined ? undefined : parseReleaseId(release)?.model;
    const minute = Math.floor(atMs / 60_000);
    const counts = [...all].flatMap(([key, calls]) => {
      if (key === release || (model !== undefined && calls.model !== model)) return [];
      return calls.counts.filter((each) => each.minute < minute && each.minute >= minute - keptMinutes);
    });
    if (counts.length === 0) return undefined;
    const { calls, bad, deaths } = sumSince(counts, 0);
    return { calls, bad, deaths };
  }

  /** Whether a device's calls of this model, of those that are still counted, are any. */
  hasCalls(device: string, model: string): boolean {
    return [...(this.#devices.get(device)?.calls.values() ?? [])].some((each) => {
      return each.model === model && sumSince(each.counts, 0).calls > 0;
    });
  }

  /** A window was stored. One that waited on the device for long says nothing of now. */
  window(window: Window, arms: readonly CountedArm[], arrivedAtMs: number): void {
    const facts = this.#factsOf(window.device);
    facts.windowMs = Math.max(0, window.endMs - window.startMs);
    this.#countLoss(facts, window, arrivedAtMs);
    if (window.clock === 'system') facts.skew = withDelay(facts.skew, arrivedAtMs - window.wallEndMs, arrivedAtMs);
    const minute = Math.floor(Math.min(window.wallEndMs, arrivedAtMs) / 60_000);
    for (const { arm, times } of arms) {
      if (arm.arm === 'shadow') continue;
      const key = `${arm.model}@${arm.version}`;
      const known = facts.calls.get(key);
      if (known === undefined && facts.calls.size >= maxReleases) continue;
      const { model, version } = arm;
      const count = { minute, ...countOf({ arm, times }, this.#parts.budgetMsOf(model, version)) };
      const counts = withCount(known?.counts ?? [], count, Math.floor(arrivedAtMs / 60_000));
      const isBad = count.bad > 0 || count.over > 0 || count.deaths > 0;
      const badMinute = Math.max(known?.badMinute ?? -1, isBad ? minute : -1);
      facts.calls.set(key, { model, version, counts, badMinute });
    }
  }

  /** An event was stored. A start counts when it was: a device that comes back after weeks tells of all of them at once. */
  event({ device, kind, atMs }: DeviceEvent, arrivedAtMs: number): void {
    const startedAtMs = momentOf({ wallEndMs: atMs }, arrivedAtMs);
    if (kind !== 'agent-started' || startedAtMs <= arrivedAtMs - keptMinutes * 60_000) return;
    const facts = this.#factsOf(device);
    facts.starts = [...facts.starts, startedAtMs].slice(-100);
  }

  *readings(nowMs: number): Generator<Reading> {
    for (const [device, facts] of this.#devices) {
      if (!this.#parts.isMember(device)) {
        this.#devices.delete(device);
        continue;
      }
      yield* callReadings(device, facts, nowMs);
      const starts = facts.starts.filter((atMs) => atMs > nowMs - keptMinutes * 60_000).length - 1;
      if (starts > 0) yield { rule: 'crash-loop', subject: {}, device, value: starts };
      const lost = facts.losses.reduce((sum, { atMs, count }) => (atMs > nowMs - lossMs ? sum + count : sum), 0);
      if (lost > 0) yield { rule: 'telemetry-lost', subject: {}, device, value: lost };
      const skewMs = skewOf(facts.skew, nowMs);
      if (Math.abs(skewMs) >= leastSkewMs) {
        const detail = skewMs < 0 ? 'ahead' : 'behind';
        yield { rule: 'clock-skew', subject: {}, device, value: Math.abs(skewMs) / 1000, detail };
      }
    }
  }

  #countLoss(facts: DeviceFacts, { outbox }: Window, arrivedAtMs: number): void {
    const lost = outbox.lostWindows + outbox.lostEvents;
    // What was lost before the server began to look is in its telemetry; what is less is an older window.
    const count = facts.lost === undefined ? 0 : lost - facts.lost;
    facts.lost = Math.max(facts.lost ?? 0, lost);
    if (count <= 0) return;
    facts.losses = [
      ...facts.losses.filter(({ atMs }) => atMs > arrivedAtMs - lossMs),
      { atMs: arrivedAtMs, count },
    ].slice(-100);
  }

  #factsOf(device: string): DeviceFacts {
    const known = this.#devices.get(device);
    if (known !== undefined) return known;
    const facts: DeviceFacts = {
      windowMs: undefined,
      calls: new Map(),
      starts: [],
      skew: undefined,
      lost: undefined,
      losses: [],
    };
    this.#devices.set(device, facts);
    return facts;
  }
}

function* callReadings(device: string, { calls }: DeviceFacts, nowMs: number): Generator<Reading> {
  const minute = Math.floor(nowMs / 60_000);
  const oldest = minute - keptMinutes + 1;
  for (const [key, { model, version, counts, badMinute }] of calls) {
    if ((counts.at(-1)?.minute ?? 0) < oldest && sumSince(counts, oldest).calls === 0) calls.delete(key);
    // Nearly all of a fleet, at every look: nothing to add up.
    if (badMinute < oldest) continue;
    const all = sumSince(counts, oldest);
    const about = { subject: { model, version }, device };
    const { calls: total, bad, over } = sumSince(counts, minute - rateMinutes + 1);
    if (bad > 0 && total >= minCallsOfRate) yield { rule: 'error-rate', ...about, value: (100 * bad) / total };
    if (over > 0 && total >= minCallsOfBudget) yield { rule: 'latency-budget', ...about, value: (100 * over) / total };
    if (all.deaths > 0) yield { rule: 'crash-loop', ...about, value: all.deaths };
  }
}

function countOf({ arm, times }: CountedArm, budgetMs: number | undefined): Omit<CallCount, 'minute'> {
  const failed = Object.values(arm.errors).reduce((sum, each) => sum + each, 0);
  const over = budgetMs === undefined ? 0 : above(times.compute, budgetMs * 1000);
  return { calls: arm.requests, bad: failed + arm.invalid, over, deaths: arm.runnerDeaths };
}

/** Values in buckets above that of `limit`: each is above it. */
function above({ buckets, overflow }: Histogram, limit: number): number {
  const edge = bucketOf(Math.min(2 ** 32, Math.max(2, limit)));
  let count = overflow;
  for (const [i, each] of buckets) if (i > edge) count += each;
  return count;
}

function withDelay(known: DeviceFacts['skew'], delayMs: number, atMs: number): DeviceFacts['skew'] {
  const periodMs = Math.floor(atMs / skewPeriodMs) * skewPeriodMs;
  if (known?.periodMs === periodMs) return delayMs < known.leastMs ? { ...known, leastMs: delayMs } : known;
  const isNext = known !== undefined && known.periodMs === periodMs - skewPeriodMs;
  return { periodMs, leastMs: delayMs, beforeMs: isNext ? known.leastMs : Number.POSITIVE_INFINITY };
}

/** What came the fastest was on its way for the least time: the rest of it is the clock. */
function skewOf(skew: DeviceFacts['skew'], nowMs: number): number {
  if (skew === undefined || nowMs - skew.periodMs > 2 * skewPeriodMs) return 0;
  return Math.min(skew.leastMs, skew.beforeMs);
}

import { setImmediate } from 'node:timers/promises';
import { GaugeForecast } from '@bellwether/control-plane/alerts/forecast-gauge';
import type { Outlook } from '@bellwether/control-plane/alerts/forecast-outlook';
import { dayMinutes, type MinuteSeries, sampleAt } from '@bellwether/control-plane/alerts/forecast-series';
import { seededDice } from '../support/dice.js';
import { anyGauge, gaugeAt, noisySeries } from '../support/gauge-series.js';
import type { Dice } from '../support/random-counts.js';
import type { Bench, BenchOptions, BenchResult, Comparison, Report } from './bench.js';
import { median } from './bench.js';
import { type Announcer, plainLeastSquares, predictLinear, trendAlone } from './forecast-peers.js';

const fixedSeeds = [1009, 2017, 3023, 4027, 5039];
const standardSeed = 6047;

/** For each seed: ramps, and device-months, half of them with a daily wave. */
const whole = { ramps: 200, months: 4 };
const quick: typeof whole = { ramps: 40, months: 2 };

const limit = { limit: 100, horizonMinutes: 360 } as const;
const monthMinutes = 30 * dayMinutes;
/** A breach is to be announced so long before. */
const aheadMinutes = 10;

const peers: Readonly<Record<string, Announcer>> = { leastSquares: plainLeastSquares, predictLinear, trendAlone };

/** Somebody who watches one series minute by minute; true while a breach is announced. */
type Watcher = (minute: number) => boolean;

/** Ours, as a server runs it, from `from` on. `told` hears of the outlook that an announcement began with. */
function ourWatcher(series: MinuteSeries, from: number, told?: (outlook: Outlook) => void): Watcher {
  const gauge = new GaugeForecast(limit, 0);
  for (let minute = 0; minute < from; minute++) gauge.remember(minute, sampleAt(series, minute));
  return (minute) => {
    const { phase } = gauge.state.announcement;
    const { announcement, outlook } = gauge.take(minute, sampleAt(series, minute));
    if (outlook !== null && phase === 'silent' && announcement.phase === 'announced') told?.(outlook);
    return announcement.phase === 'announced';
  };
}

/** A peer; what it announced ends after half an hour without, as ours. */
function peerWatcher(series: MinuteSeries, announces: Announcer): Watcher {
  let last = Number.NEGATIVE_INFINITY;
  return (minute) => {
    if (minute < 60) return false;
    if (announces(series, minute)) last = minute;
    return minute - last < 30;
  };
}

/** How often something is announced where nothing happens. */
function falseAnnouncements(watcher: Watcher): number {
  let count = 0;
  let was = false;
  for (let minute = 0; minute < monthMinutes; minute++) {
    const is = watcher(minute);
    if (is && !was) count++;
    was = is;
  }
  return count;
}

/** One ramp up to the limit. */
interface Ramp {
  readonly series: MinuteSeries;
  readonly onset: number;
  /** When the gauge itself, without its noise, is at the limit. */
  readonly breach: number;
  /** When the first sample is there. */
  readonly firstSample: number;
}

function ramp(dice: Dice, isSeasonal: boolean): Ramp {
  const gauge = anyGauge(dice, isSeasonal);
  const minutes = 15 * Math.exp(Math.log(24) * dice());
  const onset = Math.floor((3 + 2 * dice()) * dayMinutes);
  const slope = (100 - gaugeAt(gauge, onset + minutes)) / minutes;
  const valueAt = (minute: number) => gaugeAt(gauge, minute) + slope * Math.max(0, minute - onset);
  const series = noisySeries(dice, onset + Math.ceil(minutes) + 1, { valueAt });
  let breach = onset + 1;
  while (valueAt(breach) < 100) breach++;
  const firstSample = series.values.findIndex((value, minute) => minute > onset && value >= 100);
  return { series, onset, breach, firstSample: firstSample < 0 ? breach : firstSample };
}

/** The minute of the first announcement after the onset; null: none before the breach. */
function announcedAt({ onset, breach }: Ramp, watcher: Watcher): number | null {
  for (let minute = onset + 1; minute <= breach; minute++) if (watcher(minute)) return minute;
  return null;
}

/** What one way of forecasting came to. */
interface Found {
  ramps: number;
  inTime: number;
  beforeFirstSample: number;
  readonly leads: number[];
  falseAnnouncements: number;
  months: number;
}

const nothing = (): Found => ({
  ramps: 0,
  inTime: 0,
  beforeFirstSample: 0,
  leads: [],
  falseAnnouncements: 0,
  months: 0,
});

function countRamp(found: Found, each: Ramp, at: number | null): void {
  found.ramps++;
  if (at === null) return;
  found.leads.push(each.breach - at);
  if (each.breach - at >= aheadMinutes) found.inTime++;
  if (each.firstSample - at >= aheadMinutes) found.beforeFirstSample++;
}

/** Outlooks at announcements, with what came of them. */
interface Interval {
  inside: number;
  all: number;
}

interface Findings {
  readonly ours: Found;
  readonly wavy: Found;
  readonly theirs: ReadonlyMap<string, Found>;
  readonly interval: Interval;
}

function runRamps(dice: Dice, count: number, { ours, wavy, theirs, interval }: Findings): void {
  for (let i = 0; i < count; i++) {
    const isSeasonal = i % 2 === 1;
    const each = ramp(dice, isSeasonal);
    let told: Outlook | undefined;
    const at = announcedAt(
      each,
      ourWatcher(each.series, each.onset + 1, (outlook) => {
        told = outlook;
      }),
    );
    countRamp(isSeasonal ? wavy : ours, each, at);
    if (told !== undefined && at !== null) {
      interval.all++;
      const left = each.breach - at;
      if (left >= told.earliestMinutes - 1 && left <= (told.latestMinutes ?? Number.POSITIVE_INFINITY) + 1)
        interval.inside++;
    }
    for (const [name, found] of theirs) {
      const announcer = peers[name];
      if (announcer !== undefined) countRamp(found, each, announcedAt(each, peerWatcher(each.series, announcer)));
    }
  }
}

function runMonths(dice: Dice, count: number, { ours, wavy, theirs }: Findings): void {
  for (let i = 0; i < count; i++) {
    const isSeasonal = i % 2 === 1;
    const gauge = anyGauge(dice, isSeasonal);
    const series = noisySeries(dice, monthMinutes, { valueAt: (minute) => gaugeAt(gauge, minute) });
    const found = isSeasonal ? wavy : ours;
    found.months++;
    found.falseAnnouncements += falseAnnouncements(ourWatcher(series, 0));
    for (const [name, peer] of theirs) {
      const announcer = peers[name];
      if (announcer === undefined) continue;
      peer.months++;
      peer.falseAnnouncements += falseAnnouncements(peerWatcher(series, announcer));
    }
  }
}

const inTime = (...all: readonly Found[]) =>
  part(
    all,
    ({ inTime: count }) => count,
    ({ ramps }) => ramps,
  );
const falsePerMonth = (...all: readonly Found[]) =>
  part(
    all,
    ({ falseAnnouncements: count }) => count,
    ({ months }) => months,
  );

function part(all: readonly Found[], count: (found: Found) => number, of: (found: Found) => number): number {
  return all.reduce((sum, each) => sum + count(each), 0) / all.reduce((sum, each) => sum + of(each), 0);
}

async function run(report: Report, { isQuick, seed = standardSeed, signal }: BenchOptions): Promise<BenchResult> {
  const theirs = new Map(Object.keys(peers).map((name) => [name, nothing()]));
  const findings: Findings = { ours: nothing(), wavy: nothing(), theirs, interval: { inside: 0, all: 0 } };
  const counts = isQuick ? quick : whole;
  for (const each of isQuick ? [seed] : [...fixedSeeds, seed]) {
    signal.throwIfAborted();
    const dice = seededDice(each);
    runRamps(dice, counts.ramps, findings);
    runMonths(dice, counts.months, findings);
    const { ours, wavy } = findings;
    report(
      `seed ${each}: so far ${(100 * inTime(ours, wavy)).toFixed(1)} % in time, ${falsePerMonth(ours, wavy).toFixed(2)} false a device-month`,
    );
    await setImmediate();
  }
  return resultOf(findings, report);
}

function resultOf({ ours, wavy, theirs, interval }: Findings, report: Report): BenchResult {
  const announcedInTime = inTime(ours, wavy);
  const falsePerDeviceMonth = falsePerMonth(ours, wavy);
  report(
    `without a wave ${(100 * inTime(ours)).toFixed(1)} % and ${falsePerMonth(ours).toFixed(2)}, with one ${(100 * inTime(wavy)).toFixed(1)} % and ${falsePerMonth(wavy).toFixed(2)}`,
  );
  report(`announced ${median([...ours.leads, ...wavy.leads])} minutes ahead (median)`);
  const comparisons = [...theirs].flatMap(([name, found]): Comparison[] => [
    { what: `announced in time, beside ${name}`, ours: announcedInTime, theirs: inTime(found), unit: '', ratio: null },
    {
      what: `false a device-month, beside ${name}`,
      ours: falsePerDeviceMonth,
      theirs: falsePerMonth(found),
      unit: '',
      ratio: null,
    },
  ]);
  return {
    figures: {
      announcedInTime,
      falsePerDeviceMonth,
      announcedBeforeFirstSample: part(
        [ours, wavy],
        ({ beforeFirstSample }) => beforeFirstSample,
        ({ ramps }) => ramps,
      ),
      falsePerDeviceMonthSeasonal: falsePerMonth(wavy),
      insideInterval: interval.inside / interval.all,
      medianMinutesAhead: median([...ours.leads, ...wavy.leads]),
      deviceMonths: ours.months + wavy.months,
      ramps: ours.ramps + wavy.ramps,
      peers: Object.fromEntries(
        [...theirs].flatMap(([name, found]) => [
          [`${name}InTime`, inTime(found)],
          [`${name}False`, falsePerMonth(found)],
        ]),
      ),
    },
    comparisons: [
      {
        what: 'announced 10 minutes ahead',
        ours: announcedInTime,
        theirs: 0.9,
        unit: 'of ramps',
        ratio: null,
        bar: '≥ 0.9',
        met: announcedInTime >= 0.9,
      },
      {
        what: 'false announcements',
        ours: falsePerDeviceMonth,
        theirs: 1,
        unit: 'a device-month',
        ratio: null,
        bar: '≤ 1',
        met: falsePerDeviceMonth <= 1,
      },
      ...comparisons,
    ],
  };
}

/** Whether a breach is announced before it comes, and nothing where none comes. */
export const bench: Bench = {
  name: 'forecast',
  title: 'breaches announced ahead, and false announcements where nothing happens',
  comparesWith: 'bar or peer',
  run,
};

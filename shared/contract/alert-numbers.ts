import type { Alert } from './alert.js';

/** How a number of an alert is written for people. `said`: it is 1 while something says so, and tells nothing that the sentence does not. */
export type AlertUnit = 'count' | 'percent' | 'milliseconds' | 'seconds' | 'minutes' | 'hours' | 'days' | 'said';

/** What a number of an alert is, in words, and its unit. */
export interface AlertNumber {
  readonly words: string;
  readonly unit: AlertUnit;
}

/** Every number that alerts have, by its name in `numbers`. Readers must bear names that they do not know. */
export const alertNumbers: Readonly<Record<string, AlertNumber>> = {
  devices: { words: 'devices', unit: 'count' },
  fleetDevices: { words: 'devices in the fleet', unit: 'count' },
  silentSeconds: { words: 'silent for', unit: 'seconds' },
  refusals: { words: 'refused', unit: 'said' },
  failures: { words: 'failed', unit: 'said' },
  falls: { words: 'fallen', unit: 'said' },
  deathsIn15Minutes: { words: 'deaths in 15 minutes', unit: 'count' },
  errorPct: { words: 'calls that failed', unit: 'percent' },
  overBudgetPct: { words: 'calls over the p99 budget', unit: 'percent' },
  driftedValues: { words: 'values that have drifted', unit: 'count' },
  minutesToLimit: { words: 'time to the limit', unit: 'minutes' },
  lostInAnHour: { words: 'windows and events lost in an hour', unit: 'count' },
  skewSeconds: { words: 'clock off by', unit: 'seconds' },
  daysLeft: { words: 'time left', unit: 'days' },
  hoursAgo: { words: 'since the twin was seen', unit: 'hours' },
};

const secondsOf: Readonly<Partial<Record<AlertUnit, number>>> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 };
const endings: ReadonlyArray<readonly [ending: RegExp, unit: AlertUnit]> = [
  [/Seconds$/, 'seconds'],
  [/Pct$/, 'percent'],
  [/Ms$/, 'milliseconds'],
];

/** The numbers of an alert for people: `['silent for', '5 min']`. Those that its sentence has said are left out. */
export function alertNumberTexts(numbers: Alert['numbers']): ReadonlyArray<readonly [words: string, text: string]> {
  return Object.entries(numbers).flatMap(([name, value]) => {
    const { words, unit } = alertNumbers[name] ?? unknownNumber(name);
    return unit === 'said' ? [] : [[words, numberText(value, unit)] as const];
  });
}

/** `90 s`, `5 min`, `3.5 h`, `2 d`. */
export function durationText(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${plain(seconds / 3600)} h` : `${plain(seconds / 86_400)} d`;
}

function numberText(value: number, unit: AlertUnit): string {
  const seconds = secondsOf[unit];
  if (seconds !== undefined) return durationText(Math.max(0, value) * seconds);
  if (unit === 'percent') return `${plain(value)} %`;
  return unit === 'milliseconds' ? `${plain(value)} ms` : plain(value);
}

/** Of a newer server: its name ends in its unit. */
function unknownNumber(name: string): AlertNumber {
  const [ending, unit] = endings.find(([each]) => each.test(name)) ?? [/$/, 'count'];
  const stem = name.replace(ending, '');
  return { words: stem.replaceAll(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Za-z]{2})(?=\d)/g, ' ').toLowerCase(), unit };
}

/** What was counted as it is, what was measured to three digits. */
function plain(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
}

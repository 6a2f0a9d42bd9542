import type { Alert, AlertSeverity, Attribution, Forecast } from '@bellwether/shared/contract/alert';
import { formatDuration, formatNumber } from './format.js';

/** How bad it is, in a word: not by colour alone. */
export const severityWords: Readonly<Record<AlertSeverity, string>> = {
  critical: 'Critical',
  warning: 'Warning',
  info: 'Note',
};

const causeWords: Readonly<Record<Attribution['cause'], string>> = {
  model: 'The release causes it',
  infrastructure: 'What it runs on causes it, not the release',
  undetermined: 'The cause cannot be told yet',
};

const states = ['open', 'acknowledged', 'resolved'];
const severities = ['critical', 'warning', 'info'];

/** As they are looked at: open first, the worst of them first, then the newest; what is silenced after what is not. */
export function inOrder(alerts: readonly Alert[]): readonly Alert[] {
  const rank = ({ state, severity, isSilenced }: Alert): number =>
    100 * states.indexOf(state) + (isSilenced ? 10 : 0) + severities.indexOf(severity);
  return alerts.toSorted((a, b) => lastOf(a, b) || rank(a) - rank(b) || b.openedAtMs - a.openedAtMs);
}

/** What nobody has taken note of, and nobody has silenced. */
export function openAlerts(alerts: readonly Alert[]): readonly Alert[] {
  return alerts.filter(({ state, isSilenced }) => state === 'open' && !isSilenced);
}

/** Those that a device is in. */
export function alertsOf(device: string, alerts: readonly Alert[]): readonly Alert[] {
  return inOrder(alerts.filter(({ named, subject }) => subject.device === device || named.includes(device)));
}

/** Where it comes from, in words; the sentence only where the alert’s own does not end with it. */
export function causeText({ attribution, sentence }: Pick<Alert, 'attribution' | 'sentence'>): string | null {
  if (attribution === null) return null;
  const word = causeWords[attribution.cause];
  // `Undetermined:`, `The release:` say what the word says.
  const why = attribution.sentence.replace(/^(?:Undetermined|The release|What it runs on): /, '');
  return sentence.includes(attribution.sentence) ? `${word}.` : `${word}: ${why}`;
}

/** When a limit is reached, with the ends of the interval. */
export function forecastText({ atMs, earliestMs, latestMs }: Forecast, nowMs: number): string {
  if (atMs <= nowMs) return 'It should be at its limit by now.';
  const ahead = (thenMs: number): string => formatDuration(Math.max(0, thenMs - nowMs) / 1000);
  const latest = latestMs === null ? 'or much later' : `${ahead(latestMs)} at the latest`;
  return `At its limit in about ${ahead(atMs)} if it goes on like this: ${ahead(earliestMs)} at the earliest, ${latest}.`;
}

/** The numbers of an alert, `silent: 5 min`, by names that end in their units. How many devices is said elsewhere. */
export function numberTexts(numbers: Alert['numbers']): ReadonlyArray<readonly [name: string, text: string]> {
  return Object.entries(numbers)
    .filter(([name]) => name !== 'devices' && name !== 'fleetDevices')
    .map(([name, value]) => numberText(name, value));
}

function numberText(name: string, value: number): readonly [name: string, text: string] {
  const [, stem = '', unit = ''] = /^(.+?)(Seconds|Pct|Ms)?$/.exec(name) ?? [];
  const words = stem.replaceAll(/(?<=[a-z\d])(?=[A-Z])|(?<=[A-Za-z]{2})(?=\d)/g, ' ').toLowerCase();
  switch (unit) {
    case 'Seconds':
      return [words, formatDuration(value)];
    case 'Pct':
      return [words, `${text(value)} %`];
    case 'Ms':
      return [words, `${text(value)} ms`];
    default:
      return [words, text(value)];
  }
}

function text(value: number): string {
  return formatNumber(Number(value.toPrecision(3)));
}

/** What is over is told by its end. */
function lastOf(a: Alert, b: Alert): number {
  return a.resolvedAtMs !== null && b.resolvedAtMs !== null ? b.resolvedAtMs - a.resolvedAtMs : 0;
}

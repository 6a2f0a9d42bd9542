import type { Alert, AlertSeverity, Attribution, Forecast } from '@bellwether/shared/contract/alert';
import { alertNumberTexts } from '@bellwether/shared/contract/alert-numbers';
import { formatDuration } from './format.js';

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
  const why = attribution.sentence.replace(/^(?:Undetermined|The release|The model|What it runs on): /, '');
  return sentence.includes(attribution.sentence) ? `${word}.` : `${word}: ${why}`;
}

/** When a limit is reached, with the ends of the interval. */
export function forecastText({ atMs, earliestMs, latestMs }: Forecast, nowMs: number): string {
  if (atMs <= nowMs) return 'It should be at its limit by now.';
  const ahead = (thenMs: number): string => formatDuration(Math.max(0, thenMs - nowMs) / 1000);
  const latest = latestMs === null ? 'or much later' : `${ahead(latestMs)} at the latest`;
  return `At its limit in about ${ahead(atMs)} if it goes on like this: ${ahead(earliestMs)} at the earliest, ${latest}.`;
}

/** The numbers of an alert in words. How many devices is said elsewhere. */
export function numberTexts(numbers: Alert['numbers']): ReturnType<typeof alertNumberTexts> {
  const { devices: _, fleetDevices: __, ...others } = numbers;
  return alertNumberTexts(others);
}

/** What is over is told by its end. */
function lastOf(a: Alert, b: Alert): number {
  return a.resolvedAtMs !== null && b.resolvedAtMs !== null ? b.resolvedAtMs - a.resolvedAtMs : 0;
}

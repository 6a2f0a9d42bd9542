import type { Alert } from '@bellwether/shared/contract/alert';
import { alertNumberTexts, durationText } from '@bellwether/shared/contract/alert-numbers';
import type { SilenceView } from '../alerts/silence.js';
import { fields, table } from './table.js';
import { labelsText, timeText } from './units.js';

/** Alerts as a table, those that are not resolved first. */
export function alertsText(alerts: readonly Alert[], header = true): string {
  const order = ['open', 'acknowledged', 'resolved'];
  const rows = alerts
    .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || b.openedAtMs - a.openedAtMs)
    .map((alert) => [alert.id, stateText(alert), alert.severity, timeText(alert.openedAtMs), alert.sentence]);
  if (rows.length === 0) return 'No alerts.';
  return header
    ? table(['alert', 'state', 'severity', 'since', 'what'], rows)
    : rows.map((row) => row.join('  ')).join('\n');
}

/** One alert with all that is known of it. */
export function alertText(alert: Alert): string {
  const { subject, named, devices, attribution, forecast } = alert;
  return fields([
    ['alert', alert.id],
    ['rule', alert.rule],
    ['state', stateText(alert)],
    ['severity', alert.severity],
    ['about', Object.values(subject).join(' ') || 'the fleet'],
    ['what', alert.sentence],
    ...alertNumberTexts(alert.numbers),
    ...(attribution === null ? [] : [['cause', causeText(attribution)] as const]),
    ...(forecast === null ? [] : [['at its limit', timeText(forecast.atMs)] as const]),
    ['since', timeText(alert.openedAtMs)],
    ...(alert.resolvedAtMs === null ? [] : [['until', timeText(alert.resolvedAtMs)] as const]),
    ...named.map((device) => ['device', device] as const),
    ...(devices > named.length ? [['and', `${devices - named.length} more devices`] as const] : []),
  ]);
}

/** Those of one device that are not resolved, for a list of its facts: `a12 open, warning: …`. */
export function deviceAlertsText(device: string, alerts: readonly Alert[]): string {
  const its = alerts.filter(({ state, subject, named }) => {
    return state !== 'resolved' && (subject.device === device || named.includes(device));
  });
  const said = its.map((alert) => `${alert.id} ${stateText(alert)}, ${alert.severity}: ${alert.sentence}`);
  return said.length === 0 ? '–' : said.join('; ');
}

/** What whoever watches is told first. */
export function watchText(alerts: readonly Alert[], server: string): string {
  const open = alerts.filter(({ state }) => state !== 'resolved');
  const critical = open.filter(({ severity }) => severity === 'critical').length;
  const count = open.length === 1 ? '1 alert is' : `${open.length} alerts are`;
  const now = open.length === 0 ? 'nothing is wrong now' : `${count} not resolved now, ${critical} critical`;
  return `Watching ${server} until Ctrl-C; ${now}${open.length === 0 ? '.' : ':'}`;
}

/** Silences as a table. */
export function silencesText(silences: readonly SilenceView[]): string {
  if (silences.length === 0) return 'Nothing is silenced.';
  const rows = silences.map(({ id, rules, labels, fromMs, untilMs, every, next, by, why }) => {
    const time = next ?? { fromMs, untilMs };
    const what = [id, rules.join(',') || 'all', labelsText(labels)];
    return [...what, timeText(time.fromMs), timeText(time.untilMs), everyText(every), by, why];
  });
  return table(['silence', 'rules', 'of devices with', 'from', 'until', 'again', 'by', 'why'], rows);
}

/** `0 22 * * * Europe/Berlin for 8 h` */
function everyText(every: SilenceView['every']): string {
  return every === undefined ? '–' : `${every.cron} ${every.timeZone} for ${durationText(every.minutes * 60)}`;
}

/** The sentence begins with a word for the cause. */
function causeText({ cause, sentence }: NonNullable<Alert['attribution']>): string {
  return `${cause}: ${sentence.replace(/^(?:Undetermined|The release|The model|What it runs on): /, '')}`;
}

function stateText({ state, acknowledgedBy, isSilenced }: Alert): string {
  const by = acknowledgedBy === null || state === 'open' ? '' : ` by ${acknowledgedBy.replace(/^operator:/, '')}`;
  return `${state}${by}${isSilenced && state !== 'resolved' ? ', silenced' : ''}`;
}

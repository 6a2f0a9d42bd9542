import type { Alert } from '@bellwether/shared/contract/alert';
import type { Silence } from '../alerts/silence.js';
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
    ...Object.entries(alert.numbers).map(([name, value]) => [name, String(Number(value.toPrecision(4)))] as const),
    ...(attribution === null ? [] : [['cause', attribution.cause] as const]),
    ...(forecast === null ? [] : [['at its limit', timeText(forecast.atMs)] as const]),
    ['since', timeText(alert.openedAtMs)],
    ...(alert.resolvedAtMs === null ? [] : [['until', timeText(alert.resolvedAtMs)] as const]),
    ...named.map((device) => ['device', device] as const),
    ...(devices > named.length ? [['and', `${devices - named.length} more devices`] as const] : []),
  ]);
}

/** Silences as a table. */
export function silencesText(silences: readonly Silence[]): string {
  if (silences.length === 0) return 'Nothing is silenced.';
  const rows = silences.map(({ id, rules, labels, fromMs, untilMs, by, why }) => {
    return [id, rules.join(',') || 'all', labelsText(labels), timeText(fromMs), timeText(untilMs), by, why];
  });
  return table(['silence', 'rules', 'of devices with', 'from', 'until', 'by', 'why'], rows);
}

function stateText({ state, acknowledgedBy, isSilenced }: Alert): string {
  const by = acknowledgedBy === null || state === 'open' ? '' : ` by ${acknowledgedBy.replace(/^operator:/, '')}`;
  return `${state}${by}${isSilenced && state !== 'resolved' ? ', silenced' : ''}`;
}

import type { Alert } from '@bellwether/shared/contract/alert';
import { type AlertRecord, alertId } from './alert-record.js';

const maxNamed = 100;

/** An alert as it is told [W-2]. */
export function alertView(alert: AlertRecord): Alert {
  const { members, openedAtMs, changedAtMs, resolvedAtMs, acknowledgedBy, isSilenced } = alert;
  const devices = members.flatMap(({ device }) => device ?? []);
  return {
    version: 1,
    id: alertId(alert),
    rule: alert.rule,
    severity: alert.severity,
    state: alert.state,
    subject: alert.subject,
    sentence: alert.sentence,
    numbers: { ...alert.numbers },
    devices: devices.length,
    named: devices.slice(-maxNamed).toReversed(),
    attribution: alert.attribution,
    forecast: alert.forecast,
    openedAtMs,
    changedAtMs,
    acknowledgedBy,
    resolvedAtMs,
    isSilenced,
  };
}

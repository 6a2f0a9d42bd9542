import type { Alert } from '@bellwether/shared/contract/alert';
import type { FleetNews, FleetSource } from '../consumers/fleet-source.js';
import type { Alerts } from './alerts.js';

/** `bw/v1/fleet/alerts/<id>` [W-2]: what was told; of what is silenced, nothing. */
export function alertSource(alerts: Pick<Alerts, 'told'>): FleetSource {
  return {
    all: () => alerts.told().map((alert) => [alert.id, newsOf(alert)] as const),
    of: (id) => alerts.told(id).map(newsOf)[0],
  };
}

function newsOf(alert: Alert): FleetNews {
  return { document: alert, endedAtMs: alert.resolvedAtMs };
}

import { X509Certificate } from 'node:crypto';
import { alertRoutes } from './alerts/alert-routes.js';
import { AlertStoreSql } from './alerts/alert-store-sql.js';
import { Alerts } from './alerts/alerts.js';
import { fleetReadings } from './alerts/fleet-readings.js';
import type { ReadingSource } from './alerts/reading.js';
import { RolloutFacts } from './alerts/rollout-facts.js';
import { serverReadings } from './alerts/server-readings.js';
import { WindowFacts } from './alerts/window-facts.js';
import type { Audit } from './audit/audit.js';
import type { ControlPlaneParts } from './control-plane-parts.js';
import type { Fleet } from './fleet/fleet.js';
import type { TypedApp } from './http/typed-app.js';
import type { Conductor } from './rollouts/conductor.js';
import type { TelemetryStore } from './telemetry/telemetry-store.js';
import { alertEvent } from './timeline/alert-events.js';
import type { Timeline } from './timeline/timeline-entry.js';

interface AlertRooms {
  readonly fleet: Fleet;
  readonly conductor: Conductor;
  readonly audit: Audit;
  readonly facts: WindowFacts;
  readonly rolloutFacts: RolloutFacts;
  readonly telemetry: Pick<TelemetryStore, 'clones'>;
  readonly timeline: Timeline;
  /** Something about this alert is another. */
  readonly changed: (id: string) => void;
}

/** What windows and rollouts say, for alerts: fed by rooms that are built before them. */
export function buildAlertFacts(
  { catalog }: ControlPlaneParts,
  { fleet, conductor }: Pick<AlertRooms, 'fleet' | 'conductor'>,
) {
  return {
    facts: new WindowFacts({
      budgetMsOf: (model, version) => catalog.find(model, version)?.manifestDocument.budgets.p99Ms,
      isMember: (device) => fleet.isMember(device),
    }),
    rolloutFacts: new RolloutFacts({
      rollouts: () => conductor.views(),
      rollout: (id) => conductor.view(id),
    }),
  };
}

/** What is wrong with the fleet, and who has taken note of it. */
export function buildAlerts(parts: ControlPlaneParts, rooms: AlertRooms) {
  const { clock, catalog, tls, database, alertRules: rules } = parts;
  const { fleet, facts, rolloutFacts, telemetry, audit, timeline, changed } = rooms;
  const startedAtMs = Math.floor(clock.now().wallMs);
  const ofFleet: ReadingSource = {
    readings: (nowMs) => {
      const windowMsOf = (device: string) => facts.windowMsOf(device);
      return fleetReadings({ devices: fleet.members(), nowMs, startedAtMs, windowMsOf });
    },
  };
  const ofServer: ReadingSource = {
    readings: (nowMs) => {
      // In, and not merely known: once its key is refused, a twin does no more harm.
      const clones = telemetry.clones().filter(({ device }) => fleet.isMember(device));
      const certificateEndMs = tls === undefined ? undefined : endOf(tls.material.cert);
      return serverReadings({ nowMs, certificateEndMs, expiring: catalog.expiring(nowMs), clones });
    },
  };
  const alerts = new Alerts({
    clock,
    log: parts.log.child({ room: 'alerts' }),
    store: new AlertStoreSql(database.sqlite),
    rules,
    sources: [ofFleet, facts, rolloutFacts, ofServer],
    audit,
    labelsOf: (device) => (fleet.isMember(device) ? fleet.find(device)?.labels : undefined),
    keptMs: parts.settings.eventDays * 86_400_000,
    fleetSize: () => fleet.members().length,
    storeNews: (told) => {
      for (const each of told) {
        const entry = alertEvent(each);
        if (entry !== undefined) timeline.add(entry);
      }
    },
    changed,
  });
  return {
    alerts,
    start: (): void => {
      rolloutFacts.start();
      alerts.start();
    },
    routes: (app: TypedApp): void => alertRoutes(app, { alerts, rules }),
  };
}

/** The end of a certificate (PEM, the server's own first). */
function endOf(pem: Buffer): number {
  return Date.parse(new X509Certificate(pem).validTo);
}

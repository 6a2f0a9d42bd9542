import { X509Certificate } from 'node:crypto';
import { AlertFacts } from './alerts/alert-facts.js';
import { alertRoutes } from './alerts/alert-routes.js';
import { AlertStoreSql } from './alerts/alert-store-sql.js';
import { Alerts, type AlertsParts } from './alerts/alerts.js';
import { Causes } from './alerts/causes.js';
import { ChangeBook } from './alerts/change-book.js';
import { driftReadings } from './alerts/drift-readings.js';
import { fleetReadings } from './alerts/fleet-readings.js';
import { GaugeTrends } from './alerts/gauge-trends.js';
import { newestWindowSql } from './alerts/newest-window-sql.js';
import { rememberChanges } from './alerts/remembered-changes.js';
import { RolloutFacts } from './alerts/rollout-facts.js';
import { serverReadings } from './alerts/server-readings.js';
import { WindowFacts } from './alerts/window-facts.js';
import type { Audit } from './audit/audit.js';
import type { ControlPlaneParts } from './control-plane-parts.js';
import type { Fleet } from './fleet/fleet.js';
import type { TypedApp } from './http/typed-app.js';
import type { Reading } from './reading/reading-sql.js';
import type { Conductor } from './rollouts/conductor.js';
import type { DriftFindings } from './telemetry/drift/drift-finding.js';
import { storedSystems } from './telemetry/system-changes-sql.js';
import type { TelemetryStore } from './telemetry/telemetry-store.js';
import { alertEvent } from './timeline/alert-events.js';
import type { TimelineStoreSql } from './timeline/timeline-store-sql.js';

type Facts = ReturnType<typeof buildAlertFacts>;

interface AlertRooms extends Facts, Required<Pick<AlertsParts, 'labelsOf' | 'storeNews'>> {
  readonly fleet: Fleet;
  readonly conductor: Conductor;
  readonly audit: Audit;
  readonly telemetry: Pick<TelemetryStore, 'clones'>;
  readonly drift: Pick<DriftFindings, 'findings' | 'watchedLabels' | 'watchedReleases'>;
  readonly timeline: TimelineStoreSql;
  /** Something about this alert is another. */
  readonly changed: (id: string) => void;
}

/** What messages and rollouts say, for alerts: fed by rooms that are built before them. */
export function buildAlertFacts(
  { catalog, clock, database, alertRules: rules, ...parts }: ControlPlaneParts,
  { fleet, conductor, reading }: Pick<AlertRooms, 'fleet' | 'conductor'> & { readonly reading: Reading },
) {
  const isMember = (device: string): boolean => fleet.isMember(device);
  const windows = new WindowFacts({
    budgetMsOf: (model, version) => catalog.find(model, version)?.manifestDocument.budgets.p99Ms,
    isMember,
    storedWindowMs: newestWindowSql(database.sqlite),
  });
  const trends = new GaugeTrends({
    rules,
    isMember,
    past: (asked) => reading.ask('gauges', asked),
    clock,
    log: parts.log.child({ room: 'alerts' }),
  });
  const changes = new ChangeBook({ isMember, callsBefore: (...asked) => windows.callsBefore(...asked) });
  const rolloutFacts = new RolloutFacts({
    phases: () => conductor.phases(),
    rollout: (id) => conductor.view(id),
  });
  return { windows, trends, changes, rolloutFacts, facts: new AlertFacts({ windows, trends, changes }) };
}

/** What is wrong with the fleet, where it comes from, and who has taken note of it. */
export function buildAlerts(parts: ControlPlaneParts, rooms: AlertRooms) {
  const { clock, database, alertRules: rules } = parts;
  const {
    fleet,
    conductor,
    windows,
    trends,
    changes,
    rolloutFacts,
    drift,
    audit,
    timeline,
    changed,
    labelsOf,
    storeNews,
  } = rooms;
  const causes = new Causes({
    devices: () => fleet.members(),
    changes,
    hasCalls: (device, model) => windows.hasCalls(device, model),
    isWatched: (release) => drift.watchedReleases().has(release),
    segmentsOf: (model, sinceMs) => conductor.segmentsOf(model, sinceMs),
  });
  const alerts = new Alerts({
    clock,
    log: parts.log.child({ room: 'alerts' }),
    store: new AlertStoreSql(database.sqlite),
    rules,
    sources: [
      ...sourcesOf(parts, rooms),
      windows,
      trends,
      rolloutFacts,
      {
        readings: () =>
          driftReadings({ findings: drift.findings(), watched: drift.watchedLabels(), devices: fleet.members() }),
      },
    ],
    audit,
    causes,
    labelsOf,
    fleetSize: () => fleet.members().length,
    keptMs: parts.settings.eventDays * 86_400_000,
    storeNews: (told) => {
      for (const each of told) {
        const entry = alertEvent(each);
        if (entry !== undefined) timeline.add(entry);
      }
      storeNews(told);
    },
    changed,
  });
  return {
    alerts,
    start: (): void => {
      const systems = storedSystems(database.sqlite);
      rememberChanges(changes, { timeline, systems, devices: fleet.members() }, Math.floor(clock.now().wallMs));
      rolloutFacts.start();
      alerts.start();
    },
    stop: (): void => {
      alerts.stop();
      trends.stop();
    },
    routes: (app: TypedApp): void => alertRoutes(app, { alerts, rules }),
  };
}

/** What the fleet and the server show by themselves. */
function sourcesOf({ clock, catalog, tls, alertRules }: ControlPlaneParts, { fleet, windows, telemetry }: AlertRooms) {
  const startedAtMs = Math.floor(clock.now().wallMs);
  const windowMsOf = (device: string) => windows.windowMsOf(device);
  const sight = { startedAtMs, raiseSeconds: alertRules['device-silent'].raise, windowMsOf };
  return [
    { readings: (nowMs: number) => fleetReadings({ devices: fleet.members(), nowMs, ...sight }) },
    {
      readings: (nowMs: number) => {
        // In, and not merely known: once its key is refused, a twin does no more harm.
        const clones = telemetry.clones().filter(({ device }) => fleet.isMember(device));
        const certificateEndMs = tls === undefined ? undefined : endOf(tls.material.cert);
        return serverReadings({ nowMs, certificateEndMs, expiring: catalog.expiring(nowMs), clones });
      },
    },
  ];
}

/** The end of a certificate (PEM, the server's own first). */
function endOf(pem: Buffer): number {
  return Date.parse(new X509Certificate(pem).validTo);
}

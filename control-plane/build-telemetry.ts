import { armFamilies } from '@bellwether/shared/prometheus/arm-families';
import type { AlertFacts } from './alerts/alert-facts.js';
import type { Alerts } from './alerts/alerts.js';
import type { ControlPlaneParts } from './control-plane-parts.js';
import { SpaceSqlite } from './database/space-sqlite.js';
import type { Fleet } from './fleet/fleet.js';
import type { LiveFeed } from './http/live-feed.js';
import type { TypedApp } from './http/typed-app.js';
import type { Views } from './http/views.js';
import type { FormerKeys } from './orders/former-keys.js';
import { ArmBoard } from './prometheus/arm-board.js';
import { fleetFamilies } from './prometheus/fleet-families.js';
import { prometheusRoutes } from './prometheus/prometheus-routes.js';
import type { Reading } from './reading/reading-sql.js';
import type { Conductor } from './rollouts/conductor.js';
import type { EvidenceStoreSql } from './rollouts/evidence-store-sql.js';
import { spreadArrivals } from './telemetry/arrivals.js';
import { DevicePace } from './telemetry/device-pace.js';
import { DriftMonitor } from './telemetry/drift/drift-monitor.js';
import { driftRoutes } from './telemetry/drift/drift-routes.js';
import { DriftStoreSql } from './telemetry/drift/drift-store-sql.js';
import { ReferenceBook } from './telemetry/drift/reference-book.js';
import { Ingest } from './telemetry/ingest.js';
import type { LiveBoard } from './telemetry/live-board.js';
import { Retention } from './telemetry/retention.js';
import { RollUpStoreSql } from './telemetry/roll-up-store-sql.js';
import { RollUps } from './telemetry/roll-ups.js';
import { seriesRoutes } from './telemetry/series-routes.js';
import { SizeOfOthers } from './telemetry/size-of-others.js';
import { telemetryRoutes } from './telemetry/telemetry-routes.js';
import { TelemetryStoreSql } from './telemetry/telemetry-store-sql.js';
import { ReleaseEventsSql } from './timeline/release-events-sql.js';
import { timelineRoutes } from './timeline/timeline-routes.js';
import type { TimelineStoreSql } from './timeline/timeline-store-sql.js';

interface TelemetryRooms {
  readonly fleet: Fleet;
  readonly feed: LiveFeed;
  readonly conductor: Conductor;
  readonly formerKeys: FormerKeys;
  readonly evidenceStore: EvidenceStoreSql;
  readonly live: LiveBoard;
  readonly timeline: TimelineStoreSql;
  readonly reading: Reading;
  readonly facts: AlertFacts;
}

interface MetricRooms {
  readonly views: Pick<Views, 'releases'>;
  readonly alerts: Pick<Alerts, 'active'>;
}

/** What devices say: stored, then told to whoever it concerns. */
export function buildTelemetry(
  parts: ControlPlaneParts,
  { fleet, feed, conductor, formerKeys, evidenceStore, live, timeline, reading, facts: windowFacts }: TelemetryRooms,
) {
  const { clock, database, settings } = parts;
  const log = parts.log.child({ room: 'telemetry' });
  const store = new TelemetryStoreSql(database.sqlite, evidenceStore, timeline);
  const space = new SpaceSqlite(database.sqlite);
  const rollUpStore = new RollUpStoreSql(database.sqlite);
  const rollUps = new RollUps({
    store: rollUpStore,
    clock,
    log,
    labelKeys: settings.metricLabels,
    isKnown: (model, version) => parts.catalog.find(model, version) !== undefined,
    labelsOf: (device) => fleet.find(device)?.labels ?? {},
  });
  const drift = new DriftMonitor({
    clock,
    log,
    store: new DriftStoreSql(database.sqlite),
    references: new ReferenceBook({ catalog: parts.catalog, log }),
    labelsOf: (device) => Object.entries(fleet.find(device)?.labels ?? {}).map(([key, value]) => `${key}=${value}`),
  });
  const spread = spreadArrivals({ fleet, live, feed, conductor, rollUps, drift, facts: windowFacts, log });
  const pace = new DevicePace(settings.deviceMessages);
  const board = new ArmBoard({
    isKnown: (model, version) => parts.catalog.find(model, version) !== undefined,
    labelKey: settings.prometheusLabel,
    labelsOf: (device) => fleet.find(device)?.labels ?? {},
  });
  const ingest = new Ingest({
    pace,
    clock,
    log,
    store,
    committed: (device, message, seenAtMs) => {
      spread(device, message, seenAtMs);
      if (message.kind === 'window') board.add(message.value, message.arms, seenAtMs);
      if (message.kind === 'report' || message.kind === 'presence') void formerKeys.look();
    },
  });
  const releases = new ReleaseEventsSql(database.sqlite, timeline);
  const facts = () => ({
    nowMs: Math.floor(clock.now().wallMs),
    labelKeys: settings.metricLabels,
    devices: fleet.members(),
  });
  return {
    store,
    live,
    ingest,
    /** The spell in which a device sends too fast; null: it does not. */
    slowedOf: (device: string) => pace.of(device, clock.now().monotonicMs),
    rollUps,
    drift,
    retention: new Retention({
      clock,
      log,
      store,
      rollUps: rollUpStore,
      space,
      others: new SizeOfOthers({ measure: (asked) => reading.ask('size', asked), clock, log }),
      timeline,
      limits: settings,
    }),
    /** Tells what is new in the catalogue. A row that cannot be written is told at the next change, or start. */
    lookAtReleases: (): void => {
      try {
        releases.look(parts.catalog.releases(), Math.floor(clock.now().wallMs));
      } catch (cause) {
        log.warn({ err: cause }, 'A change of the catalogue could not be told yet');
      }
    },
    /** What `/metrics` says. */
    metricsRoutes: (app: TypedApp, { views, alerts }: MetricRooms): void =>
      prometheusRoutes(app, {
        families: () => {
          const { arms, delays } = board.read();
          const { version } = parts;
          const [devices, releases, phases] = [fleet.all(), views.releases(), [...conductor.phases().values()]];
          const ofFleet = {
            version,
            devices,
            releases,
            phases,
            telemetry: store.summary(),
            delays,
            alerts: alerts.active(),
          };
          return [...fleetFamilies(ofFleet), ...armFamilies(arms)];
        },
      }),
    routes: (app: TypedApp): void => {
      telemetryRoutes(app, { store });
      timelineRoutes(app, { events: (query, limit) => reading.ask('events', { query, limit }) });
      seriesRoutes(app, { rollUps, read: (plan) => reading.ask('series', plan), facts });
      driftRoutes(app, { monitor: drift });
    },
  };
}

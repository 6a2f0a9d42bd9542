import type { Server } from 'node:http';
import { alertSource } from './alerts/fleet-alert.js';
import { buildAccess } from './build-access.js';
import { buildAlertFacts, buildAlerts } from './build-alerts.js';
import { buildFleet } from './build-fleet.js';
import { buildInquiries } from './build-inquiries.js';
import { buildPeople } from './build-people.js';
import { buildRollouts } from './build-rollouts.js';
import { buildTelemetry } from './build-telemetry.js';
import { buildWebhooks } from './build-webhooks.js';
import { catalogRoutes } from './catalog/catalog-routes.js';
import { garbageRoutes } from './catalog/garbage-routes.js';
import { heldManifests } from './catalog/held-manifests-sql.js';
import { promotionRoutes } from './catalog/promotion-routes.js';
import { PromotionStoreSql } from './catalog/promotion-store-sql.js';
import { Promotions } from './catalog/promotions.js';
import { transportOf } from './config.js';
import { FleetPublisher } from './consumers/fleet-publisher.js';
import type { ControlPlaneParts } from './control-plane-parts.js';
import { Fleet } from './fleet/fleet.js';
import { releaseSource } from './fleet/fleet-releases.js';
import { FleetStoreSql } from './fleet/fleet-store-sql.js';
import { releaseRoutes } from './fleet/release-routes.js';
import { HttpListener } from './http/listener-fastify.js';
import { LiveFeed } from './http/live-feed.js';
import { liveRoutes } from './http/live-feed-sse.js';
import { buildServer } from './http/server-fastify.js';
import { Views } from './http/views.js';
import { Lifecycle } from './lifecycle.js';
import { BrokerAedes } from './messaging/broker-aedes.js';
import { serveMqttOverWebSocket } from './messaging/broker-aedes-websocket.js';
import { reachableUrl } from './messaging/reachable-url.js';
import { Reading } from './reading/reading-sql.js';
import { rolloutSource } from './rollouts/fleet-rollout.js';
import { TimelineStoreSql } from './timeline/timeline-store-sql.js';

/** A control plane: `start` throws ListenError; `stop` ends everything in reverse. Both may be called twice. */
export interface ControlPlane {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Once started. */
  readonly httpUrl: string;
  readonly mqttUrl: string;
}

/** Wires the rooms together. Nothing runs before `start`. */
export function buildControlPlane(parts: ControlPlaneParts): ControlPlane {
  const { settings, clock, log, database, catalog } = parts;
  const { host, httpPort, mqttPort } = settings;
  const fleetStore = new FleetStoreSql(database);
  const fleet = new Fleet(fleetStore);
  const reading = new Reading(database.sqlite.name, clock);
  const channel = new BrokerAedes({
    host,
    port: mqttPort,
    tls: parts.tls,
    clock,
    log: log.child({ room: 'messaging' }),
  });
  const publisher = new FleetPublisher({ channel, clock, log: log.child({ room: 'consumers' }) });
  const timeline = new TimelineStoreSql(database.sqlite, () => feed.eventsHappened());
  const feed = new LiveFeed(clock, timeline, (what, id) => publisher.changed(what, id));
  const people = buildPeople(parts, { timeline });
  const { audit, heads, operators } = people;
  const rollouts = buildRollouts(parts, {
    fleet,
    channel,
    feed,
    audit,
    timeline,
    inquiries: (device) => asking.inquiries.openOf(device),
    changed: (id) => seen.rolloutFacts.changed(id),
  });
  const { orders, conductor } = rollouts;
  const asking = buildInquiries(parts, {
    fleet,
    audit,
    isOrdered: (device) => orders.of(device) !== undefined,
    changed: (device) => conductor.heldOrFreed(device),
    tokens: () => devices.tokens,
  });
  const seen = buildAlertFacts(parts, { fleet, conductor, reading });
  const telemetry = buildTelemetry(parts, { fleet, feed, timeline, reading, ...rollouts, facts: seen.facts });
  const labelsOf = (device: string) => (fleet.isMember(device) ? fleet.find(device)?.labels : undefined);
  const { webhooks, ...outside } = buildWebhooks(parts, { audit, labelsOf, alertOf: (id) => alerts.alerts.find(id) });
  const alerts = buildAlerts(parts, {
    ...seen,
    fleet,
    conductor,
    audit,
    telemetry: telemetry.store,
    drift: telemetry.drift,
    timeline,
    labelsOf,
    storeNews: (told) => webhooks.tell(told),
    changed: (id) => feed.alertChanged(id),
  });
  const { ingest } = telemetry;
  const { orderStore } = rollouts;
  const devices = buildFleet(parts, {
    store: fleetStore,
    fleet,
    channel,
    feed,
    audit,
    heads,
    orders,
    orderStore,
    conductor,
  });
  const access = buildAccess(parts, { fleet, channel, tokens: devices.tokens, operators, audit });
  const promotions = new Promotions({
    store: new PromotionStoreSql(database.kysely),
    catalog,
    clock,
    log: log.child({ room: 'catalog' }),
    changed: () => feed.releasesChanged(),
  });
  const startedAtMs = Math.floor(clock.now().wallMs);
  const views = new Views({
    fleet,
    orders,
    live: telemetry.live,
    slowedOf: telemetry.slowedOf,
    holds: rollouts.holds,
    catalog,
    promotions,
    conductor,
    alerts: alerts.alerts,
    telemetry: telemetry.store,
    timeline,
    status: (hostname) => ({
      version: parts.version,
      development: catalog.development,
      startedAtMs,
      mqttUrl: reachableUrl(channel.url, hostname),
      transport: transportOf(settings),
      rootSha256: catalog.rootSha256,
      expiring: [...catalog.expiring(clock.now().wallMs)],
      webhooks: webhooks.troubles(),
      telemetryShort: telemetry.retention.isShort ? { megabytes: settings.telemetryMb } : null,
    }),
  });
  publisher.add('rollouts', rolloutSource({ conductor, views }));
  publisher.add('releases', releaseSource(views));
  publisher.add('alerts', alertSource(alerts.alerts));
  const alsoServe = (server: Server) =>
    serveMqttOverWebSocket(server, (stream, address) => channel.take(stream, address));
  const http = new HttpListener({ host, httpPort, tls: parts.tls, alsoServe }, (serverFactory) =>
    buildServer({
      serverFactory,
      clock,
      log: log.child({ room: 'http' }),
      version: parts.version,
      gate: operators,
      consoleFolder: parts.consoleFolder,
      views,
      deviceRoutes: (app) => {
        devices.deviceRoutes(app);
        asking.deviceRoutes(app);
      },
      brokerRoutes: access.brokerRoutes,
      operatorRoutes: (app) => {
        devices.routes(app, views);
        asking.routes(app);
        releaseRoutes(app, { views });
        promotionRoutes(app, { promotions, views, audit });
        garbageRoutes(app, { store: catalog, held: () => heldManifests(database.sqlite), clock, audit });
        rollouts.routes(app, views);
        telemetry.routes(app);
        alerts.routes(app);
        outside.routes(app);
        access.routes(app);
        liveRoutes(app, { feed, views, operators });
        people.routes(app);
      },
      metricsRoutes: (app) => telemetry.metricsRoutes(app, { views, alerts: alerts.alerts }),
      artefacts: (app) => catalogRoutes(app, { store: catalog, gate: access.gate, audit }),
    }),
  );
  const { book } = access;
  let endCatalog = (): void => {};
  const lifecycle = new Lifecycle([
    ...people.steps,
    { stop: () => reading.stop() },
    { stop: () => telemetry.rollUps.store() },
    { stop: () => telemetry.drift.stop() },
    { stop: () => ingest.stop() },
    { stop: () => rollouts.orderStore.stop() },
    { start: () => fleet.start() },
    { start: () => access.consumers.start() },
    { start: () => promotions.start() },
    { start: () => asking.inquiries.start() },
    { start: () => telemetry.rollUps.start() },
    { start: () => telemetry.drift.start() },
    {
      start: () => channel.start({ ...book, accept: (device, what, payload) => ingest.accept(device, what, payload) }),
      stop: () => channel.stop(),
    },
    { start: () => orders.start() },
    { start: () => devices.decisions.start() },
    { start: () => conductor.start(), stop: () => rollouts.stop() },
    outside.step,
    { start: () => alerts.start(), stop: () => alerts.stop() },
    {
      start: () => {
        telemetry.lookAtReleases();
        endCatalog = catalog.onChange(() => {
          telemetry.lookAtReleases();
          feed.releasesChanged();
        });
        telemetry.retention.start();
      },
      stop: () => {
        telemetry.retention.stop();
        endCatalog();
      },
    },
    { start: () => publisher.start(), stop: () => publisher.stop() },
    { start: () => http.start(), stop: () => http.stop() },
    { stop: () => feed.stop() },
  ]);
  return {
    start: () => lifecycle.start(),
    stop: () => lifecycle.stop(),
    get httpUrl() {
      return http.url;
    },
    get mqttUrl() {
      return channel.url;
    },
  };
}

import type { Server } from 'node:http';
import type { Clock } from '@bellwether/shared/clock';
import type { Log } from '@bellwether/shared/log';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { Audit } from './audit/audit.js';
import { AuditHeads } from './audit/audit-heads.js';
import { auditRoutes } from './audit/audit-routes.js';
import { AuditStoreSql } from './audit/audit-store-sql.js';
import type { ArtefactStore, Catalog } from './catalog/catalog.js';
import { catalogRoutes } from './catalog/catalog-routes.js';
import { DownloadGate } from './catalog/download-gate.js';
import type { OnlineKeyRing } from './catalog/online-key-ring-disk.js';
import { promotionRoutes } from './catalog/promotion-routes.js';
import { PromotionStoreSql } from './catalog/promotion-store-sql.js';
import { Promotions } from './catalog/promotions.js';
import { type ServeSettings, transportOf } from './config.js';
import { consumerRoutes } from './consumers/consumer-routes.js';
import { ConsumerStoreSql } from './consumers/consumer-store-sql.js';
import { Consumers } from './consumers/consumers.js';
import type { Database } from './database/database-sqlite.js';
import { DeviceDecisions } from './fleet/device-decisions.js';
import { deviceRoutes } from './fleet/device-routes.js';
import { Enrolment } from './fleet/enrolment.js';
import { enrolmentRoutes } from './fleet/enrolment-routes.js';
import { Fleet } from './fleet/fleet.js';
import { FleetStoreSql } from './fleet/fleet-store-sql.js';
import { KeyRotations } from './fleet/key-rotation.js';
import { releaseRoutes } from './fleet/release-routes.js';
import { SessionNonces } from './fleet/session-nonce.js';
import { SessionTokens } from './fleet/session-token.js';
import { Sessions } from './fleet/sessions.js';
import { requireApproved } from './fleet/standing.js';
import { tokenRoutes } from './fleet/token-routes.js';
import { HttpListener } from './http/listener-fastify.js';
import { LiveFeed } from './http/live-feed.js';
import { liveRoutes } from './http/live-feed-sse.js';
import { buildServer } from './http/server-fastify.js';
import type { TlsFiles } from './http/tls-files-disk.js';
import { Views } from './http/views.js';
import { Lifecycle } from './lifecycle.js';
import { BrokerAedes } from './messaging/broker-aedes.js';
import { serveMqttOverWebSocket } from './messaging/broker-aedes-websocket.js';
import { BrokerHook } from './messaging/broker-hook.js';
import { brokerHookRoutes } from './messaging/broker-hook-routes.js';
import type { LoginBook } from './messaging/login-book.js';
import { reachableUrl } from './messaging/reachable-url.js';
import { apiTokenRoutes } from './operators/api-token-routes.js';
import { ApiTokens } from './operators/api-tokens.js';
import { LoginGuard } from './operators/login-guard.js';
import { loginRoutes } from './operators/login-routes.js';
import { Logins } from './operators/logins.js';
import { bearerKinds } from './operators/operator.js';
import { operatorRoutes } from './operators/operator-routes.js';
import { OperatorStoreSql } from './operators/operator-store-sql.js';
import { Operators } from './operators/operators.js';
import { PasswordHasher } from './operators/password-hash.js';
import { FormerKeys } from './orders/former-keys.js';
import { OrderStoreSql } from './orders/order-store-sql.js';
import { Orders } from './orders/publish.js';
import { Conductor } from './rollouts/conductor.js';
import { rolloutRoutes } from './rollouts/operator-routes.js';
import { RolloutStoreSql } from './rollouts/rollout-store-sql.js';
import { spreadArrivals } from './telemetry/arrivals.js';
import { Ingest } from './telemetry/ingest.js';
import { LiveBoard } from './telemetry/live-board.js';
import { keepTrimmed } from './telemetry/retention.js';
import { telemetryRoutes } from './telemetry/telemetry-routes.js';
import { TelemetryStoreSql } from './telemetry/telemetry-store-sql.js';

/** What a control plane is built from. */
export interface ControlPlaneParts {
  readonly settings: ServeSettings;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly database: Database;
  readonly catalog: Catalog & ArtefactStore;
  readonly keys: { readonly online: OnlineKeyRing; readonly issuer: KeyPair; readonly audit: KeyPair };
  /** The first admin's token; undefined on a server that has operators. */
  readonly firstToken: string | undefined;
  /** That token takes the place of the one before. */
  readonly renewsFirstToken: boolean;
  /** Of signed URLs for blobs. */
  readonly urlSecret: string;
  /** By which an external broker is known. */
  readonly hookSecret: string;
  /** The certificate; undefined: plain HTTP and MQTT. */
  readonly tls: TlsFiles | undefined;
  readonly consoleFolder: string;
}

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
  const { settings, clock, log, database, catalog, keys } = parts;
  const auditStore = new AuditStoreSql(database.sqlite);
  const audit = new Audit(auditStore, clock);
  const heads = new AuditHeads({ store: auditStore, clock, log: log.child({ room: 'audit' }), key: keys.audit });
  const operatorStore = new OperatorStoreSql(database.sqlite);
  const operators = new Operators({ store: operatorStore, clock, audit });
  const hasher = new PasswordHasher();
  const logins = new Logins({ operators, store: operatorStore, guard: new LoginGuard(), hasher, clock, audit });
  const fleetStore = new FleetStoreSql(database.kysely);
  const orderStore = new OrderStoreSql(database.sqlite, clock);
  const telemetry = new TelemetryStoreSql(database.sqlite);
  const feed = new LiveFeed(clock);
  const live = new LiveBoard();
  const fleet = new Fleet(fleetStore);
  const channel = new BrokerAedes({
    host: settings.host,
    port: settings.mqttPort,
    tls: parts.tls,
    clock,
    log: log.child({ room: 'messaging' }),
  });
  const orders = new Orders({
    clock,
    log: log.child({ room: 'orders' }),
    store: orderStore,
    channel,
    directors: () => keys.online.signers('director'),
    catalog,
    audit,
    changed: (device) => feed.deviceChanged(device),
  });
  const conductor = new Conductor({
    clock,
    log: log.child({ room: 'rollouts' }),
    store: new RolloutStoreSql(database.kysely),
    fleet,
    orders,
    catalog,
    audit,
    changed: (id) => feed.rolloutChanged(id),
  });
  const telemetryLog = log.child({ room: 'telemetry' });
  const spread = spreadArrivals({ fleet, live, feed, conductor, log: telemetryLog });
  const formerKeys = new FormerKeys({
    keys: keys.online,
    catalog,
    devices: () => fleet.all(),
    retired: () => void conductor.orderAgain(),
    log: log.child({ room: 'orders' }),
  });
  const ingest = new Ingest({
    clock,
    log: telemetryLog,
    store: telemetry,
    committed: (device, message, seenAtMs) => {
      spread(device, message, seenAtMs);
      if (message.kind === 'report' || message.kind === 'presence') void formerKeys.look();
    },
  });
  const tokens = new SessionTokens(clock, keys.issuer);
  const nonces = new SessionNonces();
  const rotations = new KeyRotations({
    fleet,
    nonces,
    clock,
    log: log.child({ room: 'fleet' }),
    audit,
    changed: (device) => feed.deviceChanged(device),
  });
  const sessions = new Sessions({
    fleet,
    clock,
    nonces,
    tokens,
    timeKeys: () => keys.online.signers('time'),
    mqttUrl: (hostname) => reachableUrl(channel.url, hostname),
  });
  const consumers = new Consumers({
    store: new ConsumerStoreSql(database.kysely),
    channel,
    clock,
    log: log.child({ room: 'consumers' }),
  });
  const book: LoginBook = {
    authenticate: async (device, password) => (await tokens.isFor(device, password)) && fleet.isMember(device),
    consumers: {
      grantOf: (userName) => consumers.grantOf(userName),
      isPassword: (userName, password) => consumers.isPassword(userName, password),
      labelsOf: (device) => (fleet.isMember(device) ? fleet.get(device).labels : undefined),
    },
  };
  const hook = new BrokerHook({ book, isMember: (device) => fleet.isMember(device) });
  const gate = new DownloadGate({
    clock,
    urlSecret: parts.urlSecret,
    cdnUrl: settings.blobCdn,
    isPublic: (sha256) => catalog.isMetadataBlob(sha256),
    admitOperator: (token) => void operators.callerOf(token, bearerKinds),
    admitDevice: async (token) => {
      const device = await tokens.verify(token, 'artefacts');
      requireApproved(device, fleet.get(device).standing);
    },
  });
  const enrolment = new Enrolment({
    store: fleetStore,
    fleet,
    clock,
    log: log.child({ room: 'fleet' }),
    audit,
    joined: async (device) => {
      feed.deviceChanged(device);
      if (fleet.isMember(device)) await conductor.joined(device);
    },
  });
  const decisions = new DeviceDecisions({
    store: fleetStore,
    fleet,
    channel,
    orders,
    conductor,
    clock,
    log: log.child({ room: 'fleet' }),
    changed: (device) => feed.deviceChanged(device),
  });
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
    live,
    catalog,
    promotions,
    conductor,
    telemetry,
    status: (hostname) => ({
      version: parts.version,
      development: catalog.development,
      startedAtMs,
      mqttUrl: reachableUrl(channel.url, hostname),
      transport: transportOf(settings),
      rootSha256: catalog.rootSha256,
      expiring: [...catalog.expiring(clock.now().wallMs)],
    }),
  });
  const alsoServe = (server: Server) =>
    serveMqttOverWebSocket(server, (stream, address) => channel.take(stream, address));
  const { host, httpPort } = settings;
  const http = new HttpListener({ host, httpPort, tls: parts.tls, alsoServe }, (serverFactory) =>
    buildServer({
      serverFactory,
      log: log.child({ room: 'http' }),
      version: parts.version,
      gate: operators,
      consoleFolder: parts.consoleFolder,
      views,
      deviceRoutes: (app) => enrolmentRoutes(app, { enrolment, sessions, rotations }),
      brokerRoutes: (app) => brokerHookRoutes(app, { hook, secret: parts.hookSecret }),
      operatorRoutes: (app) => {
        deviceRoutes(app, { views, decisions, audit });
        tokenRoutes(app, { store: fleetStore, fleet, decisions, clock, audit });
        releaseRoutes(app, { views });
        promotionRoutes(app, { promotions, views, audit });
        rolloutRoutes(app, { conductor, views, audit });
        telemetryRoutes(app, { store: telemetry });
        consumerRoutes(app, { consumers, audit });
        liveRoutes(app, { feed, views, operators });
        loginRoutes(app, { logins, operators });
        operatorRoutes(app, { operators, hasher });
        apiTokenRoutes(app, { tokens: new ApiTokens({ operators, clock, audit }) });
        auditRoutes(app, { audit, heads });
      },
      artefacts: (app) => catalogRoutes(app, { store: catalog, gate, audit }),
    }),
  );
  const { windowDays, eventDays } = settings;
  let endCatalog = (): void => {};
  let endTrimming = (): void => {};
  const lifecycle = new Lifecycle([
    { start: () => operators.begin(parts.firstToken, parts.renewsFirstToken) },
    { start: () => heads.start(), stop: () => heads.stop() },
    { stop: () => audit.stop() },
    { stop: () => ingest.stop() },
    { stop: () => orderStore.stop() },
    { start: () => fleet.start() },
    { start: () => consumers.start() },
    { start: () => promotions.start() },
    {
      start: () =>
        channel.start({
          ...book,
          accept: (device, what, payload) => ingest.accept(device, what, payload),
        }),
      stop: () => channel.stop(),
    },
    { start: () => orders.start() },
    { start: () => decisions.start() },
    { start: () => conductor.start(), stop: () => conductor.stop() },
    {
      start: () => {
        endCatalog = catalog.onChange(() => feed.releasesChanged());
        endTrimming = keepTrimmed({ clock, log: telemetryLog, store: telemetry, windowDays, eventDays });
      },
      stop: () => {
        endTrimming();
        endCatalog();
      },
    },
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

import type { Audit } from './audit/audit.js';
import { DownloadGate } from './catalog/download-gate.js';
import { consumerRoutes } from './consumers/consumer-routes.js';
import { ConsumerStoreSql } from './consumers/consumer-store-sql.js';
import { Consumers } from './consumers/consumers.js';
import { schemaRoutes } from './consumers/schema-routes.js';
import type { ControlPlaneParts } from './control-plane-parts.js';
import type { Fleet } from './fleet/fleet.js';
import type { SessionTokens } from './fleet/session-token.js';
import { requireApproved } from './fleet/standing.js';
import type { TypedApp } from './http/typed-app.js';
import type { BrokerAedes } from './messaging/broker-aedes.js';
import { BrokerHook } from './messaging/broker-hook.js';
import { brokerHookRoutes } from './messaging/broker-hook-routes.js';
import type { LoginBook } from './messaging/login-book.js';
import { reachableUrl } from './messaging/reachable-url.js';
import { bearerKinds } from './operators/operator.js';
import type { Operators } from './operators/operators.js';

interface AccessRooms {
  readonly fleet: Fleet;
  readonly channel: BrokerAedes;
  readonly tokens: SessionTokens;
  readonly operators: Operators;
  readonly audit: Audit;
}

/** Who may connect to a broker, ours or another, and who may download. */
export function buildAccess(parts: ControlPlaneParts, { fleet, channel, tokens, operators, audit }: AccessRooms) {
  const { settings, clock, log, database, catalog } = parts;
  const consumers = new Consumers({
    store: new ConsumerStoreSql(database.kysely),
    channel,
    clock,
    log: log.child({ room: 'consumers' }),
    audit,
  });
  const book: LoginBook = {
    authenticate: async (device, password) => (await tokens.isFor(device, password)) && fleet.isMember(device),
    isMember: (device) => fleet.isMember(device),
    consumers: {
      grantOf: (userName) => consumers.grantOf(userName),
      isPassword: (userName, password) => consumers.isPassword(userName, password),
      labelsOf: (device) => (fleet.isMember(device) ? fleet.get(device).labels : undefined),
    },
  };
  const hook = new BrokerHook(book);
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
  return {
    consumers,
    book,
    gate,
    brokerRoutes: (app: TypedApp): void => brokerHookRoutes(app, { hook, secret: parts.hookSecret }),
    routes: (app: TypedApp): void => {
      consumerRoutes(app, { consumers });
      schemaRoutes(app, { version: parts.version, mqttUrl: (hostname) => reachableUrl(channel.url, hostname) });
    },
  };
}

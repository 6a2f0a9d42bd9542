import type { Audit } from './audit/audit.js';
import type { AuditHeads } from './audit/audit-heads.js';
import type { ControlPlaneParts } from './control-plane-parts.js';
import { DeviceDecisions } from './fleet/device-decisions.js';
import { DeviceRates } from './fleet/device-rates.js';
import { deviceRoutes } from './fleet/device-routes.js';
import { Enrolment } from './fleet/enrolment.js';
import { enrolmentRoutes } from './fleet/enrolment-routes.js';
import type { Fleet } from './fleet/fleet.js';
import type { FleetStore } from './fleet/fleet-store.js';
import { KeyRotations } from './fleet/key-rotation.js';
import { SessionAudit } from './fleet/session-audit.js';
import { SessionNonces } from './fleet/session-nonce.js';
import { SessionTokens } from './fleet/session-token.js';
import { Sessions } from './fleet/sessions.js';
import { tokenRoutes } from './fleet/token-routes.js';
import type { LiveFeed } from './http/live-feed.js';
import type { TypedApp } from './http/typed-app.js';
import type { Views } from './http/views.js';
import type { DeviceChannel } from './messaging/device-channel.js';
import { reachableUrl } from './messaging/reachable-url.js';
import type { OrderStore } from './orders/order-store.js';
import type { Orders } from './orders/publish.js';
import type { Conductor } from './rollouts/conductor.js';

interface FleetRooms {
  readonly store: FleetStore;
  readonly fleet: Fleet;
  readonly channel: DeviceChannel;
  readonly feed: LiveFeed;
  readonly audit: Audit;
  readonly heads: Pick<AuditHeads, 'newest'>;
  readonly orders: Orders;
  readonly orderStore: Pick<OrderStore, 'find'>;
  readonly conductor: Conductor;
}

/** How devices come in, prove who they are, and are put out. */
export function buildFleet({ clock, keys, ...parts }: ControlPlaneParts, rooms: FleetRooms) {
  const { store, fleet, channel, feed, audit, heads, orders, orderStore, conductor } = rooms;
  const log = parts.log.child({ room: 'fleet' });
  const changed = (device: string): void => feed.deviceChanged(device);
  const keyOf = (device: string) => fleet.find(device)?.publicKey;
  const tokens = new SessionTokens({ clock, key: keys.issuer, keyOf });
  const nonces = new SessionNonces();
  const rates = new DeviceRates();
  const rotations = new KeyRotations({ fleet, nonces, rates, clock, log, audit, changed });
  const sessions = new Sessions({
    fleet,
    clock,
    nonces,
    tokens,
    rates,
    audit: new SessionAudit(audit, clock),
    timeKeys: () => keys.online.signers('time'),
    auditEnd: () => heads.newest,
    newestOrder: (device) => orderStore.find(device),
    mqttUrl: (hostname) => reachableUrl(channel.url, hostname),
  });
  const enrolment = new Enrolment({
    store,
    fleet,
    clock,
    log,
    audit,
    rates,
    joined: async (device) => {
      changed(device);
      if (fleet.isMember(device)) await conductor.joined(device);
    },
  });
  const decisions = new DeviceDecisions({ store, fleet, channel, orders, conductor, clock, log, audit, changed });
  return {
    tokens,
    decisions,
    /** Of devices, which bring their own proof. */
    deviceRoutes: (app: TypedApp): void => enrolmentRoutes(app, { enrolment, sessions, rotations, rates, clock }),
    routes: (app: TypedApp, views: Views): void => {
      deviceRoutes(app, { views, decisions });
      tokenRoutes(app, { store, fleet, decisions, clock, audit });
    },
  };
}

import type { Inquiry } from '@bellwether/shared/contract/inquiry';
import type { Audit } from './audit/audit.js';
import type { ControlPlaneParts } from './control-plane-parts.js';
import type { Fleet } from './fleet/fleet.js';
import type { LiveFeed } from './http/live-feed.js';
import type { TypedApp } from './http/typed-app.js';
import type { Views } from './http/views.js';
import type { DeviceChannel } from './messaging/device-channel.js';
import { FormerKeys } from './orders/former-keys.js';
import { OrderStoreSql } from './orders/order-store-sql.js';
import { Orders } from './orders/publish.js';
import { Conductor } from './rollouts/conductor.js';
import { decisionRoutes } from './rollouts/decision-routes.js';
import { DeviceHoldStoreSql } from './rollouts/device-hold-store-sql.js';
import { DeviceHolds } from './rollouts/device-holds.js';
import { devicePinRoutes } from './rollouts/device-pin-routes.js';
import { DevicePins } from './rollouts/device-pins.js';
import { EvidenceStoreSql } from './rollouts/evidence-store-sql.js';
import { LookHistoryStoreSql } from './rollouts/look-history-store-sql.js';
import { NeighbourStoreSql } from './rollouts/neighbour-store-sql.js';
import { rolloutRoutes } from './rollouts/operator-routes.js';
import { RolloutStoreSql } from './rollouts/rollout-store-sql.js';
import { VerdictArchive } from './rollouts/verdict-archive.js';
import { verdictRoutes } from './rollouts/verdict-routes.js';
import { VerdictStoreSql } from './rollouts/verdict-store-sql.js';
import { LiveBoard } from './telemetry/live-board.js';
import type { Timeline } from './timeline/timeline-entry.js';

interface RolloutRooms {
  readonly fleet: Fleet;
  readonly channel: DeviceChannel;
  readonly feed: LiveFeed;
  readonly audit: Audit;
  readonly timeline: Timeline;
  readonly inquiries: (device: string) => readonly Inquiry[];
  /** Something about this rollout is another. */
  readonly changed: (id: string) => void;
}

/** What devices are to run: rollouts, and the orders that say so. */
export function buildRollouts(
  parts: ControlPlaneParts,
  { fleet, channel, feed, audit, timeline, inquiries, changed }: RolloutRooms,
) {
  const { clock, log, database, catalog, keys } = parts;
  const orderStore = new OrderStoreSql(database.sqlite, clock);
  const orders = new Orders({
    clock,
    log: log.child({ room: 'orders' }),
    store: orderStore,
    channel,
    directors: () => keys.online.signers('director'),
    catalog,
    audit,
    inquiries,
    changed: (device) => feed.deviceChanged(device),
  });
  const history = new LookHistoryStoreSql(database.sqlite);
  const evidenceStore = new EvidenceStoreSql(database.sqlite, history);
  const holds = new DeviceHolds(new DeviceHoldStoreSql(database.kysely));
  const live = new LiveBoard();
  const verdictStore = new VerdictStoreSql(database.sqlite, timeline);
  const archive = new VerdictArchive({
    store: verdictStore,
    keys: () => keys.online.signers('verdict'),
    codeVersion: parts.version,
    log: log.child({ room: 'rollouts' }),
  });
  const conductor = new Conductor({
    clock,
    log: log.child({ room: 'rollouts' }),
    store: new RolloutStoreSql(database.kysely, database.sqlite, history, timeline),
    evidence: evidenceStore,
    history,
    neighbours: new NeighbourStoreSql(database.sqlite),
    holds,
    archive,
    fleet,
    orders,
    catalog,
    audit,
    callsPerSecond: (device) => live.of(device)?.requestsPerSecond ?? 0,
    changed: (id) => {
      feed.rolloutChanged(id);
      changed(id);
    },
  });
  const pins = new DevicePins({
    clock,
    fleet,
    catalog,
    orders,
    holds,
    changed: (device) => conductor.heldOrFreed(device),
  });
  const formerKeys = new FormerKeys({
    keys: keys.online,
    catalog,
    devices: () => fleet.all(),
    retired: () => void conductor.orderAgain(),
    log: log.child({ room: 'orders' }),
  });
  return {
    orderStore,
    evidenceStore,
    live,
    holds,
    orders,
    conductor,
    formerKeys,
    stop: (): void => {
      conductor.stop();
      history.close();
    },
    routes: (app: TypedApp, views: Views): void => {
      rolloutRoutes(app, { conductor, views, audit });
      decisionRoutes(app, { conductor, audit });
      verdictRoutes(app, { conductor, store: verdictStore });
      devicePinRoutes(app, { pins, views, audit });
    },
  };
}

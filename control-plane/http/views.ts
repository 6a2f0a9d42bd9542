import type { Alert } from '@bellwether/shared/contract/alert';
import { formatReleaseId, type ReleaseId } from '@bellwether/shared/ids';
import type { Alerts } from '../alerts/alerts.js';
import type { Catalog, CatalogRelease } from '../catalog/catalog.js';
import type { Promotions } from '../catalog/promotions.js';
import { deviceView } from '../fleet/device-view.js';
import type { Fleet } from '../fleet/fleet.js';
import { manifestsServed, releaseView } from '../fleet/release-view.js';
import { waitingDevices } from '../fleet/waiting-devices.js';
import type { Orders } from '../orders/publish.js';
import type { Conductor } from '../rollouts/conductor.js';
import type { DeviceHolds } from '../rollouts/device-holds.js';
import { RolloutError } from '../rollouts/rollout-error.js';
import type { LiveBoard } from '../telemetry/live-board.js';
import type { TelemetryStore } from '../telemetry/telemetry-store.js';
import type { TimelineStoreSql } from '../timeline/timeline-store-sql.js';
import type { DeviceView, ReleaseView } from './operator-api.js';
import type { RolloutView } from './rollout-api.js';
import type { Overview, ServerStatus } from './status-api.js';

/** Events that a new watcher gets at once. */
const overviewEvents = 100;

interface ViewParts {
  /** The server, for somebody who reached it under this host name. */
  readonly status: (hostname: string) => Omit<ServerStatus, 'pending' | 'clones' | 'waitingRollouts'>;
  readonly fleet: Fleet;
  readonly orders: Orders;
  readonly live: LiveBoard;
  /** The spell in which a device sends too fast. */
  readonly slowedOf: (device: string) => DeviceView['slowed'];
  readonly holds: Pick<DeviceHolds, 'of'>;
  readonly catalog: Catalog;
  readonly promotions: Promotions;
  readonly conductor: Conductor;
  readonly alerts: Pick<Alerts, 'view' | 'views'>;
  readonly telemetry: Pick<TelemetryStore, 'clones'>;
  readonly timeline: Pick<TimelineStoreSql, 'page'>;
}

/** What operators see, put together from the rooms: the same for the routes and the live feed. */
export class Views {
  readonly #parts: ViewParts;

  constructor(parts: ViewParts) {
    this.#parts = parts;
  }

  status(hostname: string): ServerStatus {
    const { fleet, promotions, telemetry, conductor, status } = this.#parts;
    return {
      ...status(hostname),
      pending: { releases: promotions.pending(), ...waitingDevices(fleet.all()) },
      waitingRollouts: conductor.waiting(),
      // Once its key is refused, a device's twin does no more harm.
      clones: telemetry.clones().filter(({ device }) => fleet.isMember(device)),
    };
  }

  /** Throws FleetError `device-unknown`. */
  device(id: string): DeviceView {
    const { fleet, orders, live, holds, slowedOf } = this.#parts;
    return deviceView(fleet.get(id), {
      order: orders.of(id),
      live: live.of(id),
      holds: holds.of(id),
      slowed: slowedOf(id),
    });
  }

  devices(): DeviceView[] {
    return this.#parts.fleet.all().map(({ id }) => this.device(id));
  }

  releases(): ReleaseView[] {
    const serving = this.#devicesServing();
    return this.#parts.catalog.releases().map((release) => this.#releaseView(release, serving));
  }

  /** Throws RolloutError `release-unknown`. */
  release(id: ReleaseId): ReleaseView {
    const release = this.#parts.catalog.find(id.model, id.version);
    if (release === undefined)
      throw new RolloutError('release-unknown', `${formatReleaseId(id)} is not in the catalogue`);
    return this.#releaseView(release, this.#devicesServing());
  }

  /** Newest first. */
  rollouts(): RolloutView[] {
    return this.#parts.conductor.views();
  }

  /** Throws RolloutError `rollout-unknown`. */
  rollout(id: string): RolloutView {
    return this.#parts.conductor.view(id);
  }

  /** Throws AlertError `alert-unknown`. */
  alert(id: string): Alert {
    return this.#parts.alerts.view(id);
  }

  overview(hostname: string): Overview {
    return {
      status: this.status(hostname),
      devices: this.devices(),
      releases: this.releases(),
      rollouts: this.rollouts(),
      alerts: this.#parts.alerts.views(),
      events: this.#parts.timeline.page({}, overviewEvents).events,
    };
  }

  #releaseView(release: CatalogRelease, serving: ReadonlyMap<string, number>): ReleaseView {
    const devicesServing = serving.get(release.manifest) ?? 0;
    return releaseView(release, { devicesServing, promotion: this.#parts.promotions.of(release) });
  }

  #devicesServing(): Map<string, number> {
    const serving = new Map<string, number>();
    for (const device of this.#parts.fleet.members()) {
      for (const manifest of manifestsServed(device)) serving.set(manifest, (serving.get(manifest) ?? 0) + 1);
    }
    return serving;
  }
}

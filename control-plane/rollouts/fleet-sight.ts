import type { Device } from '../fleet/device.js';
import type { Fleet } from '../fleet/fleet.js';
import type { RolloutDevice } from '../http/rollout-api.js';
import type { Orders } from '../orders/publish.js';
import type { CourseDevice } from './course-device.js';
import { courseDevice } from './course-devices.js';
import type { DeviceHolds } from './device-holds.js';
import { type DeviceOrdering, stageOf } from './device-ordering.js';
import { isFor, type Rollout } from './rollout.js';
import { deviceState } from './rollout-device.js';

interface SightParts {
  readonly fleet: Pick<Fleet, 'members'>;
  readonly orders: Pick<Orders, 'of'>;
  readonly holds: DeviceHolds;
  readonly ordering: DeviceOrdering;
}

/** The devices of a rollout, as the rooms know them now. */
export class FleetSight {
  readonly #parts: SightParts;

  constructor(parts: SightParts) {
    this.#parts = parts;
  }

  /** Every device that a rollout in steps is for. */
  devicesOf(rollout: Rollout, nowMs: number): CourseDevice[] {
    const { orders, holds, ordering } = this.#parts;
    const isApproved = ordering.isApproved(rollout);
    return this.#targets(rollout).map((device) => {
      const without = ordering.modelsOf(device, rollout).find(({ model }) => model === rollout.model);
      const order = orders.of(device.id);
      const isAdmitted = isApproved || stageOf(device) === 'staging';
      return courseDevice(rollout, { device, order, holds: holds.of(device.id), without, isAdmitted, nowMs });
    });
  }

  /** The devices that a direct rollout gives its release, and where each stands. */
  directDevices(rollout: Rollout): RolloutDevice[] {
    const { orders, ordering } = this.#parts;
    return this.#targets(rollout)
      .filter((device) => ordering.modelsOf(device).some(({ stableFrom }) => stableFrom === rollout.number))
      .map(({ id, report, presence }) => {
        return deviceState(rollout, { id, report, isOnline: presence === 'online', order: orders.of(id) });
      });
  }

  /** The version that its devices fall back to; the most frequent one. */
  stableOf(rollout: Rollout): string | undefined {
    const counts = new Map<string, number>();
    for (const device of this.#targets(rollout)) {
      const without = this.#parts.ordering.modelsOf(device, rollout).find(({ model }) => model === rollout.model);
      if (without !== undefined) counts.set(without.stable.version, (counts.get(without.stable.version) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  }

  #targets({ target }: Rollout): Device[] {
    return this.#parts.fleet.members().filter(({ labels }) => isFor(target, labels));
  }
}

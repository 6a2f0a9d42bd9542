import type { Log } from '@bellwether/shared/log';
import type { Catalog } from '../catalog/catalog.js';
import type { Device } from '../fleet/device.js';
import { type ModelOrder, modelsFor } from '../orders/compose.js';
import type { Orders } from '../orders/publish.js';
import type { DeviceHolds } from './device-holds.js';
import { isGone, type Rollout } from './rollout.js';

interface OrderingParts {
  readonly orders: Pick<Orders, 'ensure'>;
  readonly catalog: Pick<Catalog, 'find'>;
  readonly holds: DeviceHolds;
  readonly rollouts: () => Iterable<Rollout>;
  readonly log: Log;
}

/** Makes devices' orders say what rollouts and persons have decided. */
export class DeviceOrdering {
  readonly #parts: OrderingParts;

  constructor(parts: OrderingParts) {
    this.#parts = parts;
  }

  /** What a device is to run; `without`: as if that rollout were not there. */
  modelsOf(device: Device, without?: Rollout): readonly ModelOrder[] {
    const { holds, rollouts } = this.#parts;
    const { id, labels } = device;
    return modelsFor(
      { id, labels, stage: stageOf(device), holds: holds.of(id) },
      [...rollouts()].filter((rollout) => rollout.number !== without?.number && !isGone(rollout)),
      (rollout) => this.isApproved(rollout),
    );
  }

  /** What the catalogue does not know any more stays ordered: absence is no withdrawal [T-9]. */
  isApproved({ model, version }: Pick<Rollout, 'model' | 'version'>): boolean {
    return this.#parts.catalog.find(model, version)?.production ?? true;
  }

  async order(device: Device): Promise<void> {
    await this.#parts.orders.ensure(device, this.modelsOf(device));
  }

  /** One that cannot be stored is logged, and tried again with the device's next word. */
  async orderAll(devices: readonly Device[]): Promise<void> {
    const results = await Promise.allSettled(devices.map((device) => this.order(device)));
    const failed = results.filter((result) => result.status === 'rejected');
    if (failed.length === 0) return;
    this.#parts.log.error({ err: failed[0]?.reason, devices: failed.length }, 'Orders could not be stored');
  }
}

/** The stage of a device is its own configuration; until it has reported, the stricter one [T-5]. */
export function stageOf(device: Pick<Device, 'report'>): 'staging' | 'production' {
  return device.report?.stage ?? 'production';
}

import { applyChange, type Device, type DeviceChange } from './device.js';
import { FleetError } from './fleet-error.js';
import type { FleetStore } from './fleet-store.js';

/**
 * The devices, in memory: the database is the truth and is written first; this copy is what pages, orders and rollouts
 * read thousands of times a second.
 */
export class Fleet {
  readonly #store: FleetStore;
  readonly #devices = new Map<string, Device>();

  constructor(store: FleetStore) {
    this.#store = store;
  }

  /** Reads the devices from the store. */
  async start(): Promise<void> {
    for (const device of await this.#store.devices()) this.#devices.set(device.id, device);
  }

  find(id: string): Device | undefined {
    return this.#devices.get(id);
  }

  /** Throws FleetError `device-unknown`. */
  get(id: string): Device {
    const device = this.#devices.get(id);
    if (device === undefined) throw new FleetError('device-unknown', `no device is called ${id}`);
    return device;
  }

  all(): Device[] {
    return [...this.#devices.values()];
  }

  /** Stores a device that has just enrolled. */
  async add(device: Device): Promise<void> {
    await this.#store.insertDevice(device);
    this.#devices.set(device.id, device);
  }

  /** What a message changes. Telemetry's store has written it already. */
  apply(id: string, change: DeviceChange): void {
    const device = this.#devices.get(id);
    if (device !== undefined) this.#devices.set(id, applyChange(device, change));
  }
}

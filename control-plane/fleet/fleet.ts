import { applyChange, type Device, type DeviceChange } from './device.js';
import { FleetError } from './fleet-error.js';
import type { DeviceStanding, FleetStore } from './fleet-store.js';

/**
 * The devices, in memory: the database is the truth and is written first; this copy is what pages, orders and rollouts
 * read thousands of times a second.
 */
export class Fleet {
  readonly #store: FleetStore;
  readonly #devices = new Map<string, Device>();
  /** By each key that a device has, had or asks for; a key that it gave up asking for may still lead to it. */
  readonly #byKey = new Map<string, string>();

  constructor(store: FleetStore) {
    this.#store = store;
  }

  /** Reads the devices from the store. */
  async start(): Promise<void> {
    for (const device of await this.#store.devices()) this.#put(device);
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

  /** The approved ones: the only devices that orders and rollouts know. */
  members(): Device[] {
    return this.all().filter(({ standing }) => standing === 'approved');
  }

  /** True for a device that is in, and not merely known. */
  isMember(id: string): boolean {
    return this.#devices.get(id)?.standing === 'approved';
  }

  /** The device whose key this is, was or is to be. */
  findByKey(publicKey: string): Device | undefined {
    const device = this.#devices.get(this.#byKey.get(publicKey) ?? '');
    return device !== undefined && keysOf(device).includes(publicKey) ? device : undefined;
  }

  /** Stores what an operator decided, then believes it. Throws FleetError `device-unknown`. */
  async decide(id: string, change: Partial<DeviceStanding>): Promise<Device> {
    const { standing, publicKey, formerKeys, nextKey } = this.get(id);
    const next = { standing, publicKey, formerKeys, nextKey, ...change };
    await this.#store.updateStanding(id, next);
    // Messages may have come in meanwhile: what they changed stays.
    const device = { ...this.get(id), ...next };
    this.#put(device);
    return device;
  }

  /** Stores a device that has just enrolled. */
  async add(device: Device): Promise<void> {
    await this.#store.insertDevice(device);
    this.#put(device);
  }

  /** What a message changes. Telemetry's store has written it already. */
  apply(id: string, change: DeviceChange): void {
    const device = this.#devices.get(id);
    if (device !== undefined) this.#devices.set(id, applyChange(device, change));
  }

  #put(device: Device): void {
    this.#devices.set(device.id, device);
    for (const key of keysOf(device)) this.#byKey.set(key, device.id);
  }
}

function keysOf({ publicKey, nextKey, formerKeys }: Device): readonly string[] {
  return [publicKey, ...(nextKey === null ? [] : [nextKey]), ...formerKeys];
}

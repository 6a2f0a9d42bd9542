import { type DeviceHold, holdKey } from './device-hold.js';
import type { DeviceHoldStoreSql } from './device-hold-store-sql.js';

/** Where holds are kept. */
export type DeviceHoldStore = Pick<DeviceHoldStoreSql, 'all' | 'put' | 'remove'>;

/** The holds of devices, in memory; the database is the truth and is written first. */
export class DeviceHolds {
  readonly #store: DeviceHoldStore;
  readonly #holds = new Map<string, ReadonlyMap<string, DeviceHold>>();

  constructor(store: DeviceHoldStore) {
    this.#store = store;
  }

  async start(): Promise<void> {
    for (const { device, hold } of await this.#store.all()) this.#set(device, hold);
  }

  of(device: string): readonly DeviceHold[] {
    return [...(this.#holds.get(device)?.values() ?? [])];
  }

  /** Devices whose words are no evidence. */
  isQuarantined(device: string): boolean {
    return this.of(device).some(({ kind }) => kind === 'quarantined');
  }

  async put(device: string, hold: DeviceHold): Promise<void> {
    await this.#store.put(device, hold);
    this.#set(device, hold);
  }

  /** `model`: of a pin; empty for the two others. False when there is nothing to remove. */
  async remove(device: string, model: string): Promise<boolean> {
    const holds = this.#holds.get(device);
    if (holds?.has(model) !== true) return false;
    await this.#store.remove(device, model);
    this.#holds.set(device, new Map([...holds].filter(([key]) => key !== model)));
    return true;
  }

  #set(device: string, hold: DeviceHold): void {
    this.#holds.set(device, new Map([...(this.#holds.get(device) ?? []), [holdKey(hold), hold]]));
  }
}

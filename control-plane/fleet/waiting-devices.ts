import type { Pending } from '../http/status-api.js';
import type { Device } from './device.js';

/** The devices that wait for a person: at the door, or with another key that they ask to go on with. */
export function waitingDevices(
  devices: readonly Pick<Device, 'id' | 'standing' | 'nextKey'>[],
): Pick<Pending, 'devices' | 'deviceKeys'> {
  return {
    devices: devices.filter(({ standing }) => standing === 'pending').map(({ id }) => id),
    deviceKeys: devices
      .filter(({ standing, nextKey }) => standing === 'approved' && nextKey !== null)
      .map(({ id }) => id),
  };
}

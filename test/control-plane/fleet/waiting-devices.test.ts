import { expect, it } from 'vitest';
import { standings } from '@bellwether/control-plane/fleet/standing';
import { waitingDevices } from '@bellwether/control-plane/fleet/waiting-devices';

it('of all devices those wait that are at the door, and members that ask for another key', () => {
  const devices = standings.flatMap((standing) => [
    { id: `${standing}-quiet`, standing, nextKey: null },
    { id: `${standing}-asking`, standing, nextKey: 'a'.repeat(64) },
  ]);
  expect(waitingDevices(devices)).toEqual({
    devices: ['pending-quiet', 'pending-asking'],
    deviceKeys: ['approved-asking'],
  });
});

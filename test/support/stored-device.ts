import type { Device } from '@bellwether/control-plane/fleet/device';
import { deviceId } from './telemetry-messages.js';

/** A device as the server keeps it: approved, just enrolled, never heard of. */
export function storedDevice(changes: Partial<Device> = {}): Device {
  return {
    id: deviceId,
    publicKey: '0'.repeat(64),
    labels: {},
    formerKeys: [],
    nextKey: null,
    standing: 'approved',
    tokenId: 't',
    enrolledAtMs: 0,
    presence: 'never',
    presenceRunId: null,
    lastSeenMs: null,
    report: null,
    ...changes,
  };
}

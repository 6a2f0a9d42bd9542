import { compacted } from '@bellwether/shared/contract/compact';
import { deviceTopic } from '@bellwether/shared/contract/topics';
import { decodeWindow } from '@bellwether/shared/contract/window';
import { encodeWindow } from '@bellwether/shared/contract/window-encoding';
import { bytesOf } from '../support/telemetry-messages.js';
import { readVector } from '../support/vectors.js';

interface Recorded {
  /** Ten of a minute, one after the other: watched values come with the last. */
  readonly steady: readonly object[];
  /** Of five seconds each, while a canary gets half of the calls. */
  readonly canary: readonly object[];
}

/**
 * What windows cost between device and broker: those that an agent sent of digits at 10 calls a second, in today's encoding,
 * with MQTT's own bytes (topic, headers, acknowledgement) and without those of TCP and TLS.
 */
export function bytesOnTheWire() {
  const { steady, canary } = readVector<Recorded>('digits-windows');
  const minutesPerDay = 1440;
  const canaryWindowsPerHour = 720;
  return {
    bytesPerDeviceDay: meanBytes(steady, Buffer.from) * minutesPerDay,
    bytesPerDeviceDayCompact: meanBytes(steady, compacted) * minutesPerDay,
    bytesPerCanaryHour: meanBytes(canary, Buffer.from) * canaryWindowsPerHour,
    bytesPerCanaryHourCompact: meanBytes(canary, compacted) * canaryWindowsPerHour,
  };
}

function meanBytes(recorded: readonly object[], encode: (json: string) => Uint8Array): number {
  const sizes = recorded.map((sent) => {
    const window = decodeWindow(bytesOf(sent));
    const topic = deviceTopic(window.device, 'window');
    return encode(encodeWindow(window)).length + topic.length + 2 + 2 + 3 + 4;
  });
  return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
}

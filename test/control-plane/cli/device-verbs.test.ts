import { describe, expect, it } from 'vitest';
import { findDevice } from '@bellwether/control-plane/cli/device-verbs';
import type { DeviceView } from '@bellwether/control-plane/http/operator-api';

const device = (id: string): DeviceView => ({
  id,
  labels: {},
  enrolledAtMs: 0,
  presence: 'never',
  lastSeenMs: null,
  ordered: null,
  report: null,
  live: null,
});
const [first, second, other] = ['hall-0000000000000001', 'hall-0000000000000002', 'hall-a-0000000000000003'].map(
  device,
);
const devices = [first, second, other].filter((each) => each !== undefined);

describe('a device on the command line', () => {
  it('is found by its id, or by its name where only one has it', () => {
    expect(findDevice(devices, 'hall-0000000000000002')).toBe(second);
    expect(findDevice(devices, 'hall-a')).toBe(other);
  });

  it('is not guessed', () => {
    expect(() => findDevice(devices, 'hall')).toThrow('hall is the name of 2 devices');
    expect(() => findDevice(devices, 'attic')).toThrow('there is no device attic');
  });
});

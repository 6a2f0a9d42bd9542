import { describe, expect, it } from 'vitest';
import { requireFingerprint } from '@bellwether/control-plane/cli/device-decision-verbs';
import { findDevice } from '@bellwether/control-plane/cli/device-verbs';
import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import { deviceView } from '../../support/operator-views.js';

const device = (id: string): DeviceView => ({ ...deviceView('hall'), id });
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

describe('the fingerprint that a device shows', () => {
  const known = device('hall-0123456789abcdef');

  it('fits in capitals, with colons, and in part', () => {
    for (const seen of [known.fingerprint, '0123456789ABCDEF', '01:23:45:67:89:ab:cd:ef']) {
      expect(() => requireFingerprint(known, seen)).not.toThrow();
    }
  });

  it('is refused when it is another one, or too short to tell', () => {
    expect(() => requireFingerprint(known, '0123456789abcdee')).toThrow('do not let it in');
    expect(() => requireFingerprint(known, '0123456789abcde')).toThrow('15 digits');
    expect(() => requireFingerprint(known, '')).toThrow('0 digits');
  });
});

import { describe, expect, it } from 'vitest';
import { requireFingerprint } from '@bellwether/control-plane/cli/device-decision-verbs';
import { findDevice, servesText } from '@bellwether/control-plane/cli/device-verbs';
import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import type { ModelReport } from '@bellwether/shared/contract/report';
import { deviceView, modelReport } from '../../support/operator-views.js';
import { reportOf } from '../../support/telemetry-messages.js';

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

  it('says what serves, and the canary beside it with why it gets no calls', () => {
    const canary = { version: '1.1.0', manifest: '2'.repeat(64), rollout: 'r7', step: 0, segment: 1 };
    const said = (changes: Partial<ModelReport>) => {
      return servesText({ report: reportOf({ models: [modelReport('1.0.0', changes)] }) });
    };
    expect(said({})).toBe('digits@1.0.0');
    expect(said({ canary: { ...canary, state: 'ready' } })).toBe('digits@1.0.0, canary 1.1.0 ready');
    expect(said({ canary: { ...canary, state: 'tripped', code: 'memory-low' } })).toBe(
      'digits@1.0.0, canary 1.1.0 tripped (memory-low)',
    );
    expect(said({ serving: null })).toBe('–');
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

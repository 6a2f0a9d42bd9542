import { describe, expect, it } from 'vitest';
import { type DeviceFacts, deviceState, phaseOf } from '@bellwether/control-plane/rollouts/rollout-device';
import type { ModelReport, Report } from '@bellwether/shared/contract/report';
import { directRollout } from '../../support/rollouts.js';
import { deviceId, reportOf } from '../../support/telemetry-messages.js';

const manifest = 'a'.repeat(64);
const release = { version: '1.1.0', manifest };
const rollout = directRollout(release);
const observed = { epoch: 1, generation: 3, digest: 'd'.repeat(64) };
const refusal = { code: 'golden', message: 'off by 0.3', atMs: 1 };

const model = (changes: Partial<ModelReport>): ModelReport[] => [
  { model: 'digits', serving: null, install: null, refusal: null, ...changes },
];
const stateOf = (report: Partial<Report> | null, changes: Partial<DeviceFacts> = {}) =>
  deviceState(rollout, {
    id: deviceId,
    isOnline: true,
    report: report === null ? null : reportOf({ observed, ...report }),
    order: { epoch: 1, generation: 3 },
    ...changes,
  });
const serving = (phase: 'probation' | 'settled', of = release) => model({ serving: { ...of, sinceMs: 0, phase } });

describe('where a device stands [R-5]', () => {
  it.each([
    ['ordered while it has said nothing', null, 'ordered'],
    ['ordered while its report is of an older order', { observed: { ...observed, generation: 2 } }, 'ordered'],
    [
      'ordered even when it serves the release by an older order',
      { observed: null, models: serving('settled') },
      'ordered',
    ],
    ['installing once it has accepted the order', {}, 'installing'],
    [
      'installing while another release serves',
      { models: serving('settled', { ...release, manifest: 'b'.repeat(64) }) },
      'installing',
    ],
    ['serving in probation', { models: serving('probation') }, 'serving'],
    ['settled after it', { models: serving('settled') }, 'settled'],
    ['refused for good', { models: model({ refusal: { ...release, ...refusal, kind: 'permanent' } }) }, 'refused'],
    [
      'installing when the refusal passes',
      { models: model({ refusal: { ...release, ...refusal, kind: 'passing' } }) },
      'installing',
    ],
    [
      'installing when the refusal was of another release',
      { models: model({ refusal: { ...release, manifest: 'b'.repeat(64), ...refusal, kind: 'permanent' } }) },
      'installing',
    ],
    ['refused when it refused the order', { observed: null, orderRefusal: { ...refusal, generation: 3 } }, 'refused'],
    ['refused when it could not read the order', { observed: null, orderRefusal: refusal }, 'refused'],
    [
      'ordered when it refused an older order',
      { observed: null, orderRefusal: { ...refusal, generation: 2 } },
      'ordered',
    ],
  ] as const)('%s', (_name, report, want) => {
    expect(stateOf(report).state).toBe(want);
  });

  it('is silent when it is not there, whatever it was about to do, but what it served last is known', () => {
    const away = { isOnline: false };
    expect(stateOf(null, away).state).toBe('silent');
    expect(stateOf({}, away).state).toBe('silent');
    expect(stateOf({ models: serving('settled') }, away).state).toBe('settled');
  });

  it('names the code of a refusal', () => {
    const refused = stateOf({ models: model({ refusal: { ...release, ...refusal, kind: 'permanent' } }) });
    expect(refused).toEqual({ device: deviceId, state: 'refused', code: 'golden', message: 'off by 0.3' });
  });
});

describe('the phase that the devices make', () => {
  it.each([
    [[], 'rolling'],
    [['settled', 'serving'], 'done'],
    [['settled', 'refused'], 'held'],
    [['settled', 'refused', 'installing'], 'rolling'],
    [['settled', 'silent'], 'rolling'],
    [['ordered'], 'rolling'],
  ] as const)('of %j is %s', (states, want) => {
    expect(phaseOf(states.map((state) => ({ device: deviceId, state, code: null, message: null })))).toBe(want);
  });
});

import { describe, expect, it } from 'vitest';
import { attribute } from '@bellwether/control-plane/alerts/attribution';
import type {
  CallsBefore,
  DeviceChange,
  DeviceFacts,
  Symptom,
} from '@bellwether/control-plane/alerts/attribution-facts';

const hourMs = 3_600_000;
/** 2023-11-14 22:13 UTC */
const troubleMs = 1_700_000_000_000;
const minutesBefore = (minutes: number): number => troubleMs - minutes * 60_000;

const well: CallsBefore = { calls: 1000, bad: 5, deaths: 0 };
const release: DeviceChange = { kind: 'release', what: 'digits@1.2.0', atMs: minutesBefore(10) };
const first: DeviceChange = { ...release, isFirst: true };
const system: DeviceChange = { kind: 'os', what: '6.1.0-28', atMs: minutesBefore(15) };
const reboot: DeviceChange = { kind: 'reboot', what: '', atMs: minutesBefore(14) };
const after = (change: DeviceChange, before: CallsBefore): DeviceChange => ({ ...change, before });

const some = (count: number, isAffected: boolean, changes: readonly DeviceChange[]): DeviceFacts[] =>
  Array.from({ length: count }, (_, i) => ({
    device: `cam-${isAffected}-${i}`,
    troubleSinceMs: isAffected ? troubleMs : null,
    releases: ['digits@1.2.0'],
    labels: {},
    changes,
  }));
const look = (symptom: Symptom, devices: readonly DeviceFacts[]) => attribute({ symptom, devices, segments: [] });

type Row = readonly [
  what: string,
  symptom: Symptom,
  affected: number,
  changes: readonly DeviceChange[],
  cause: 'model' | 'infrastructure' | 'undetermined',
];

/** All devices are affected, and all had these changes. */
const rows: readonly Row[] = [
  ['drift after everybody’s release', 'drift', 20, [release], 'undetermined'],
  ['drift after everybody’s first release', 'drift', 51, [first], 'undetermined'],
  ['drift of three devices with their first release', 'drift', 3, [first], 'undetermined'],
  ['drift after a release though calls were well before', 'drift', 20, [after(release, well)], 'undetermined'],
  ['drift after an update of the system', 'drift', 20, [system], 'undetermined'],
  ['drift long after the release', 'drift', 20, [{ ...release, atMs: troubleMs - 2 * hourMs }], 'model'],
  ['drift before the release', 'drift', 20, [{ ...release, atMs: troubleMs + 1 }], 'model'],
  ['drift where nothing changed', 'drift', 20, [], 'model'],
  ['telemetry lost after a release', 'telemetry', 20, [after(release, well)], 'undetermined'],
  ['silence after an update of the system', 'silent', 20, [after(system, well)], 'undetermined'],
  ['slow after a release', 'slow', 20, [after(release, well)], 'undetermined'],
  ['failures after a release, well before', 'failures', 20, [after(release, well)], 'model'],
  ['failures after a release, not counted before', 'failures', 20, [release], 'undetermined'],
  [
    'failures after a release, hardly counted before',
    'failures',
    20,
    [after(release, { ...well, calls: 49, bad: 0 })],
    'undetermined',
  ],
  ['failures before and after a release', 'failures', 20, [after(release, { ...well, bad: 6 })], 'undetermined'],
  ['deaths before and after a release', 'failures', 20, [after(release, { ...well, deaths: 1 })], 'undetermined'],
  ['failures of a first release', 'failures', 20, [after(first, well)], 'undetermined'],
  ['failures of four devices', 'failures', 4, [after(release, well)], 'undetermined'],
  ['failures of five devices', 'failures', 5, [after(release, well)], 'model'],
  [
    'failures after an update of the system, well before',
    'failures',
    20,
    [after(system, well), after(reboot, well)],
    'infrastructure',
  ],
  ['failures after both', 'failures', 20, [after(system, well), after(release, well)], 'undetermined'],
];

describe('where all devices are affected and nobody is left to compare with', () => {
  it.each(rows)('%s', (_, symptom, affected, changes, cause) => {
    expect(look(symptom, some(affected, true, changes))).toMatchObject({ cause, common: null });
  });

  it('says what changed, when, and what would tell', () => {
    const { sentence } = look('drift', [
      ...some(19, true, [release]),
      ...some(1, true, [{ ...release, atMs: minutesBefore(25) }]),
    ]);
    expect(sentence).toBe(
      'Undetermined: 20 of 20 affected devices got digits@1.2.0 (2023-11-14 21:48 to 22:03 UTC), and no device is left to ' +
        'compare with; a device on another release, or a canary beside it, would tell.',
    );
    expect(look('silent', some(20, true, [system])).sentence).toMatch(
      /got system 6\.1\.0-28 .*; a device without it would tell\.$/,
    );
    expect(look('drift', some(20, true, [first])).sentence).toContain('got digits@1.2.0, their first release (2023');
  });

  it('accuses no release of what others have without it, and says how many', () => {
    const trouble = { symptom: 'failures', devices: some(20, true, [after(release, well)]), segments: [] } as const;
    expect(attribute({ ...trouble, elsewhere: 4 }).cause).toBe('model');
    expect(attribute({ ...trouble, elsewhere: 5 })).toMatchObject({
      cause: 'undetermined',
      sentence: expect.stringMatching(
        /100 of 20000 calls failed; on other releases 5 have the same trouble\.$/,
      ) as string,
    });
  });

  it('says that it compared the same devices before and after, with the numbers', () => {
    const { sentence } = look('failures', [...some(19, true, [after(release, well)]), ...some(1, true, [release])]);
    expect(sentence).toBe(
      'The release: 20 of 20 affected devices got digits@1.2.0 (2023-11-14 22:03 UTC), and no device is left to compare ' +
        'with; before it 19 of these devices were well: 95 of 19000 calls failed.',
    );
    expect(look('failures', some(20, true, [after(release, { ...well, bad: 600 })])).sentence).toContain(
      '; before it 12000 of 20000 calls failed;',
    );
  });

  it('compares a first release with nothing: not the release, but the site where the new devices stand', () => {
    const at = (site: string) => (each: DeviceFacts) => ({ ...each, labels: { site } });
    const found = look('failures', [
      ...some(20, true, [first]).map(at('north')),
      ...some(60, false, []).map(at('south')),
    ]);
    expect(found).toMatchObject({ cause: 'infrastructure', common: { label: 'site=north' } });
  });

  it('claims no comparison with the few that are left', () => {
    const changes = [after(release, well)];
    const one = (others: readonly DeviceChange[]) =>
      look('drift', [...some(50, true, changes), ...some(1, false, others)]);
    expect(one(changes)).toMatchObject({ cause: 'undetermined' });
    expect(one(changes).sentence).toContain('and 1 of 1 others as well, so that no device is left to compare with;');
  });

  it('of drift takes the first release of two in three for what it is', () => {
    const found = look('drift', [...some(2, true, [first]), ...some(1, false, [first])]);
    expect(found.cause).toBe('undetermined');
    expect(found.sentence).toContain('2 of 2 affected devices got digits@1.2.0, their first release (');
  });

  it('cuts no more into a sentence than it may have', () => {
    const settings: DeviceChange = { kind: 'settings', what: 'x'.repeat(1000), atMs: minutesBefore(10) };
    expect(look('silent', some(20, true, [settings])).sentence).toHaveLength(1000);
  });
});

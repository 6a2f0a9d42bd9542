import { describe, expect, it } from 'vitest';
import { attribute } from '@bellwether/control-plane/alerts/attribution';
import type { DeviceChange, DeviceFacts } from '@bellwether/control-plane/alerts/attribution-facts';
import { Attribution } from '@bellwether/shared/contract/alert';
import { noCount, type SegmentCounters } from '@bellwether/shared/evidence/counters';
import { Compile } from '@bellwether/shared/schema';

const hourMs = 3_600_000;
const troubleMs = 50 * hourMs;
const compiled = Compile(Attribution);

interface Some {
  readonly count: number;
  readonly isAffected: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly changes?: readonly DeviceChange[];
}

/** Groups of like devices. */
const fleet = (...groups: readonly Some[]): DeviceFacts[] =>
  groups.flatMap(({ count, isAffected, labels = {}, changes = [] }, group) =>
    Array.from({ length: count }, (_, i) => ({
      device: `cam-${group}-${i}`,
      troubleSinceMs: isAffected ? troubleMs : null,
      releases: ['digits@1.1.0'],
      labels,
      changes,
    })),
  );

const release: DeviceChange = { kind: 'release', what: 'digits@1.2.0', atMs: troubleMs - 600_000 };
const system: DeviceChange = { kind: 'os', what: '6.1.0-28', atMs: troubleMs - 900_000 };
const failures = (devices: readonly DeviceFacts[], segments: readonly SegmentCounters[] = []) => {
  const found = attribute({ symptom: 'failures', devices, segments });
  expect(compiled.Check(found)).toBe(true);
  return found;
};
const arms = (stable: number, canary: number): SegmentCounters => ({
  epoch: 0,
  mode: 'split',
  share: 0.1,
  calls: { stable: 54_000, canary: 6000 },
  runnerMs: { stable: 1, canary: 1 },
  labelled: noCount,
  cells: { error: { stable, canary } },
  both: {},
});

describe('the cause of a trouble', () => {
  it('is the release where the arms say so, on one device as well, whatever else there is', () => {
    const found = failures(fleet({ count: 1, isAffected: true, changes: [system] }), [arms(2, 60)]);
    expect(found).toMatchObject({ cause: 'model', common: null });
    expect(found.sentence).toMatch(/^The release: canary only: error in 60 of 6000/);
  });

  it('is not the release where both arms fail, though it came just before', () => {
    const devices = fleet({ count: 30, isAffected: true, changes: [release] }, { count: 90, isAffected: false });
    expect(failures(devices).cause).toBe('model');
    const found = failures(devices, [arms(5400, 600)]);
    expect(found.cause).toBe('infrastructure');
    expect(found.sentence).toContain('both arms');
    expect(found.sentence).not.toContain('1.2.0');
  });

  it('is undetermined where a release and the system changed on the same devices, until the arms say more', () => {
    const devices = fleet(
      { count: 30, isAffected: true, changes: [release, system] },
      { count: 90, isAffected: false },
    );
    const found = failures(devices);
    expect(found.cause).toBe('undetermined');
    expect(found.sentence).toContain('digits@1.2.0');
    expect(found.sentence).toContain('6.1.0-28');
    expect(failures(devices, [arms(5400, 600)]).cause).toBe('infrastructure');
  });

  it('is a change rather than what was always so', () => {
    const labels = { hardware: 'pi4' };
    const others = { count: 90, isAffected: false, labels: { hardware: 'pi5' } };
    const found = failures(fleet({ count: 30, isAffected: true, labels, changes: [release] }, others));
    expect(found).toMatchObject({ cause: 'model', common: { label: 'hardware=pi4' } });
    expect(failures(fleet({ count: 30, isAffected: true, labels }, others)).cause).toBe('infrastructure');
  });

  it('is no change that came after, or long before', () => {
    for (const atMs of [troubleMs + 1, troubleMs - 2 * hourMs]) {
      const devices = fleet(
        { count: 30, isAffected: true, changes: [{ ...release, atMs }] },
        { count: 90, isAffected: false },
      );
      expect(failures(devices).cause).toBe('undetermined');
    }
  });

  it('tells the numbers of what devices have in common', () => {
    const north = { site: 'north' };
    const found = failures(
      fleet(
        { count: 38, isAffected: true, labels: north },
        { count: 2, isAffected: true, labels: { site: 'south' } },
        { count: 3, isAffected: false, labels: north },
        { count: 157, isAffected: false, labels: { site: 'south' } },
      ),
    );
    expect(found.sentence).toMatch(
      /^What it runs on: 38 of 40 affected devices have site=north, and 3 of 160 others \(43 times as often, p ≤ 1e-3\d after correction\)\.$/,
    );
    expect(found.common).toMatchObject({ label: 'site=north', affected: 38, ofAffected: 40, others: 3, ofOthers: 160 });
  });

  it('is not looked for in two devices, in nobody, or in serial numbers', () => {
    const labels = { site: 'north' };
    const others = { count: 2, isAffected: false };
    expect(failures(fleet({ count: 2, isAffected: true, labels }, others)).cause).toBe('undetermined');
    expect(failures([]).cause).toBe('undetermined');
    expect(failures(fleet({ count: 5, isAffected: false })).cause).toBe('undetermined');
    const serials = fleet({ count: 40, isAffected: true }, { count: 40, isAffected: false }).map((each) => {
      return { ...each, labels: { serial: each.device } };
    });
    expect(failures(serials)).toMatchObject({ cause: 'undetermined', common: null });
  });

  it('costs no evidence by serial numbers: nobody asks whether one of them is common', () => {
    const devices = fleet(
      { count: 3, isAffected: true, labels: { site: 'north' } },
      { count: 7, isAffected: false, labels: { site: 'north' } },
      { count: 90, isAffected: false },
    ).map((each, i) => ({ ...each, labels: { ...each.labels, serial: `s${i}` } }));
    expect(failures(devices).common?.label).toBe('site=north');
  });

  it('is nothing that half of the others have as well, nor what few of the affected have, however sure it is', () => {
    const north = { site: 'north' };
    const often = fleet(
      { count: 600, isAffected: true, labels: north },
      { count: 400, isAffected: true },
      { count: 400, isAffected: false, labels: north },
      { count: 600, isAffected: false },
    );
    expect(failures(often).cause).toBe('undetermined');
    const few = fleet(
      { count: 10, isAffected: true, labels: north },
      { count: 30, isAffected: true },
      { count: 400, isAffected: false },
    );
    expect(failures(few).cause).toBe('undetermined');
  });

  it('is what fits best, though a change fits as well as chance allows', () => {
    const north = { site: 'north' };
    const devices = fleet(
      { count: 25, isAffected: true, labels: north, changes: [release] },
      { count: 15, isAffected: true, labels: north },
      { count: 2, isAffected: false, changes: [release] },
      { count: 158, isAffected: false },
    );
    expect(failures(devices)).toMatchObject({ cause: 'infrastructure', common: { label: 'site=north' } });
  });

  it('is no change that everybody had where only half are affected', () => {
    const changes = [release];
    const devices = fleet({ count: 30, isAffected: true, changes }, { count: 30, isAffected: false, changes });
    expect(failures(devices).cause).toBe('undetermined');
  });

  it('of drift on most devices is the model, on a few that have nothing in common undetermined', () => {
    const drift = (affected: number) => {
      const devices = fleet({ count: affected, isAffected: true }, { count: 20, isAffected: false });
      return attribute({ symptom: 'drift', devices, segments: [] }).cause;
    };
    expect(drift(60)).toBe('model');
    expect(drift(3)).toBe('undetermined');
  });

  it('takes labels of any length, and names as a label only what the contract takes', () => {
    const labels = { 'a note': 'x'.repeat(2000) };
    const found = failures(fleet({ count: 30, isAffected: true, labels }, { count: 90, isAffected: false }));
    expect(found).toMatchObject({ cause: 'infrastructure', common: null });
    expect(found.sentence.length).toBeLessThanOrEqual(1000);
  });
});

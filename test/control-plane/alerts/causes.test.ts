import { describe, expect, it } from 'vitest';
import { Causes } from '@bellwether/control-plane/alerts/causes';
import { ChangeBook, type ChangeBookParts } from '@bellwether/control-plane/alerts/change-book';
import { type Condition, conditionKey } from '@bellwether/control-plane/alerts/condition';
import type { Reading } from '@bellwether/control-plane/alerts/reading';
import type { Group } from '@bellwether/control-plane/alerts/trouble';
import type { Device } from '@bellwether/control-plane/fleet/device';
import type { Machine } from '@bellwether/shared/contract/report';
import { storedDevice } from '../../support/stored-device.js';
import { eventOf, reportOf } from '../../support/telemetry-messages.js';

const t0 = 1_700_000_000_000;
const idOf = (n: number) => `pi-${String(n).padStart(16, '0')}`;
const machine = (kernel: string): Machine => {
  return { hardware: 'Pi 4', cpu: 'arm', cores: 4, memoryBytes: 1, os: 'Debian 12', kernel };
};
const serving = (version: string) => {
  const phase = 'settled' as const;
  const release = { version, manifest: 'a'.repeat(64), sinceMs: 0, phase };
  return { model: 'digits', serving: release, install: null, refusal: null };
};

/** Forty devices of which ten are at site north. */
const fleet: readonly Device[] = Array.from({ length: 40 }, (_, n) =>
  storedDevice({
    id: idOf(n),
    labels: { site: n < 10 ? 'north' : 'south', serial: `s${n}` },
    report: reportOf({
      device: idOf(n),
      machine: machine('6.1.0'),
      models: [serving(n % 4 === 0 ? '1.1.0' : '1.0.0')],
    }),
  }),
);

function group(rule: Reading['rule'], devices: readonly (string | null)[], subject: Group['subject'] = {}): Group {
  const conditions = devices.map((device): Condition => {
    return { rule, subject, device, value: 1, phase: 'on', sinceMs: t0, seenAtMs: t0, calmSinceMs: null };
  });
  return { rule, subject, conditions, members: conditions, isSilenced: false };
}

function book(callsBefore: ChangeBookParts['callsBefore'] = () => undefined, isMember = () => true): ChangeBook {
  return new ChangeBook({ isMember, callsBefore });
}

interface Seen {
  readonly isWatched?: (release: string) => boolean;
  readonly hasCalls?: (device: string) => boolean;
}

function causes(changes = book(), devices = () => fleet, { isWatched = () => true, hasCalls = () => true }: Seen = {}) {
  return new Causes({ devices, changes, isWatched, hasCalls, segmentsOf: () => [] });
}
/** A look at this time at which all this is wrong. */
const at = (nowMs: number, ...groups: readonly Group[]) => {
  const wrong = groups.flatMap(({ conditions }) => conditions);
  return { nowMs, wrong: new Map(wrong.map((condition) => [conditionKey(condition), condition])) };
};
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => idOf(from + i));

describe('Causes', () => {
  it('names what the silent devices have in common', () => {
    const found = causes().of('k', group('device-silent', range(0, 10)), at(t0));
    expect(found).toMatchObject({ cause: 'infrastructure', common: { label: 'site=north', affected: 10, others: 0 } });
  });

  it('names the release that those who fail were given, and the system that they were given', () => {
    const fourth = fleet.filter((_, n) => n % 4 === 0).map(({ id }) => id);
    const changes = book();
    for (const device of fourth) {
      changes.served(device, 'digits@1.0.0');
      const release = 'digits@1.1.0';
      changes.event(eventOf({ device, kind: 'release-serving', release, atMs: t0 - 60_000 }), t0 - 60_000);
    }
    const subject = { model: 'digits', version: '1.1.0' };
    expect(causes(changes).of('k', group('error-rate', fourth, subject), at(t0))).toMatchObject({ cause: 'model' });
    const updates = book();
    const fresh = fleet.map((device) => {
      const report = reportOf({
        device: device.id,
        machine: machine(device.labels['site'] === 'north' ? '6.6.0' : '6.1.0'),
      });
      if (device.report !== null) updates.report(device.report, t0 - 120_000);
      updates.report(report, t0 - 60_000);
      return { ...device, report: { ...report, models: [serving('1.0.0')] } };
    });
    const found = causes(updates, () => fresh).of(
      'k',
      group('latency-budget', range(0, 10), { model: 'digits' }),
      at(t0),
    );
    expect(found?.sentence).toContain('got system 6.6.0, Debian 12 in the hour before');
    expect(found?.cause).toBe('infrastructure');
  });

  it('takes what is found over all devices of a release for trouble of each of them', () => {
    const everywhere = group('drift', [null], { model: 'digits', version: '1.0.0' });
    const all = fleet.map((device, n) => ({
      ...device,
      report: reportOf({ device: idOf(n), models: [serving('1.0.0')] }),
    }));
    expect(causes(undefined, () => all).of('k', everywhere, at(t0))).toMatchObject({
      cause: 'model',
      sentence: expect.stringContaining('40 of 40 devices') as string,
    });
  });

  it('takes nobody for well who has the same trouble on another release, or under a silence', () => {
    const half = fleet.map((device, n) => {
      return { ...device, report: reportOf({ device: idOf(n), models: [serving(n < 20 ? '1.0.0' : '1.1.0')] }) };
    });
    const bothHalves = (rule: Reading['rule'], more: Partial<Condition> = {}) =>
      [range(0, 20), range(20, 40)].map((devices, n) => {
        const found = group(rule, devices, { model: 'digits', version: `1.${n}.0` });
        return { ...found, conditions: found.conditions.map((condition) => ({ ...condition, ...more })) };
      });
    const ofBoth = (groups: readonly Group[]) =>
      groups.map((each, n) => causes(undefined, () => half).of(`${n}`, each, at(t0, ...groups))?.cause);
    expect(ofBoth(bothHalves('error-rate'))).toEqual(['undetermined', 'undetermined']);
    const changes = book(() => ({ calls: 900, bad: 0, deaths: 0 }));
    for (const device of range(20, 40)) {
      changes.served(device, 'digits@1.0.0');
      changes.event(eventOf({ device, kind: 'release-serving', release: 'digits@1.1.0', atMs: t0 - 60_000 }), t0);
    }
    const [old, fresh] = bothHalves('error-rate');
    const accused = (wrong: Group | undefined) =>
      fresh && wrong && causes(changes, () => half).of('k', fresh, at(t0, wrong))?.cause;
    expect(accused(fresh)).toBe('model');
    expect(accused(old)).toBe('undetermined');
    // Drift of everything that is served: what is seen has changed, and no release in particular.
    const [drifted] = bothHalves('drift', { isOfAll: true });
    const drift =
      drifted && causes(undefined, () => half).of('k', drifted, at(t0, ...bothHalves('drift', { isOfAll: true })));
    expect(drift?.sentence).toContain('nothing that they have or that was changed sets them apart');
    const silenced = group('device-silent', range(10, 40));
    expect(causes().of('k', group('device-silent', range(0, 10)), at(t0, silenced))?.cause).toBe('undetermined');
  });

  it('takes nobody for well whose trouble nobody would see', () => {
    const [watched, serves] = ['digits@1.1.0', group('drift', range(0, 10), { model: 'digits', version: '1.1.0' })];
    const half = fleet.map((device, n) => {
      return { ...device, report: reportOf({ device: idOf(n), models: [serving(n < 10 ? '1.1.0' : '1.0.0')] }) };
    });
    expect(causes(undefined, () => half).of('k', serves, at(t0))?.sentence).toContain('serve digits@1.1.0');
    const found = causes(undefined, () => half, { isWatched: (release) => release === watched }).of(
      'k',
      serves,
      at(t0),
    );
    expect(found?.sentence).toContain('10 of 10 devices are affected, and nothing');
    const failing = group('error-rate', range(0, 10), { model: 'digits', version: '1.1.0' });
    const busy = (devices: number) => {
      const hasCalls = (device: string) => device < idOf(devices);
      return causes(undefined, () => half, { hasCalls }).of('k', failing, at(t0))?.sentence;
    };
    expect(busy(40)).toContain('and 0 of 30 others');
    expect(busy(11)).toContain('10 of 11 devices are affected, and nothing');
  });

  it('compares the devices of a label with the others of its release, which drifts as a whole', () => {
    const all = fleet.map((device, n) => ({
      ...device,
      report: reportOf({ device: idOf(n), models: [serving('1.0.0')] }),
    }));
    const release = { model: 'digits', version: '1.0.0' };
    const whole = group('drift', range(0, 40), release);
    const conditions = whole.conditions.map((condition) => ({ ...condition, isOfAll: true as const }));
    const north = group('drift', range(0, 10), { ...release, label: 'site=north' });
    const look = (...more: readonly Partial<Condition>[]) => {
      const asked = {
        ...north,
        conditions: north.conditions.map((each, n) => ({ ...each, ...more[n % more.length] })),
      };
      return causes(undefined, () => all).of('k', asked, at(t0, { ...whole, conditions }));
    };
    expect(look({}, { isOfAll: true })).toMatchObject({ common: { label: 'site=north', affected: 10, others: 0 } });
    // One finding is no ten: nothing is said of how unlikely it would be that ten have this in common.
    expect(look({ isOfAll: true })).toEqual({
      cause: 'infrastructure',
      sentence:
        'What it runs on: 10 of 10 affected devices have site=north, and 0 of 30 others (it is found over all of them together).',
      common: null,
    });
  });

  it('keeps what the last run found of the same devices until something else is found', () => {
    const found = { cause: 'model', sentence: 'The release: before it they were well.', common: null } as const;
    const three = group('error-rate', range(0, 3));
    const resumed = causes();
    resumed.resume('k', three.members, found);
    expect(resumed.of('k', three, at(t0))).toEqual(found);
    expect(resumed.of('k', three, at(t0 + 60_000))).toEqual(found);
    expect(resumed.of('k', group('error-rate', range(0, 4)), at(t0 + 120_000))?.cause).toBe('undetermined');
    resumed.resume('k', group('error-rate', range(0, 10)).members, found);
    expect(resumed.of('k', group('error-rate', range(0, 10)), at(t0 + 180_000))?.common?.label).toBe('site=north');
  });

  it('looks for none where there is nothing to compare, or the rule names it', () => {
    expect(causes().of('k', group('device-silent', range(0, 1)), at(t0))).toBeNull();
    expect(causes().of('k', group('release-refused', range(0, 10)), at(t0))).toBeNull();
  });

  it('looks again when the devices are others, not at once, and after a minute in any case', () => {
    let looks = 0;
    const counting = causes(undefined, () => {
      looks++;
      return fleet;
    });
    const look = (devices: readonly string[], atMs: number): number => {
      counting.of('k', group('device-silent', devices), at(atMs));
      return looks;
    };
    expect(look(range(0, 5), t0)).toBe(1);
    expect(look(range(0, 6), t0 + 4900)).toBe(1);
    expect(look(range(0, 6), t0 + 5000)).toBe(2);
    expect(look(range(0, 6), t0 + 64_000)).toBe(2);
    expect(look(range(0, 6), t0 + 65_000)).toBe(3);
  });
});

describe('ChangeBook', () => {
  it('knows another boot, settings and a canary, and forgets after a week', () => {
    const changes = book();
    changes.report(reportOf({ bootId: 'one' }), t0);
    changes.report(reportOf({ bootId: 'two' }), t0 + 1000);
    const { device } = eventOf();
    changes.event(eventOf({ kind: 'settings-changed', message: 'windowSeconds 5', atMs: t0 + 9_000_000 }), t0 + 2000);
    changes.event(eventOf({ kind: 'canary-ready', release: 'digits@1.1.0', atMs: t0 + 3000 }), t0 + 3000);
    expect(changes.of(device)).toEqual([
      { kind: 'reboot', what: '', atMs: t0 + 1000 },
      { kind: 'settings', what: 'windowSeconds 5', atMs: t0 + 2000 },
      { kind: 'release', what: 'digits@1.1.0', atMs: t0 + 3000 },
    ]);
    changes.report(reportOf({ bootId: 'three' }), t0 + 8 * 86_400_000);
    expect(changes.of(device)).toHaveLength(1);
  });

  it('takes the first release of a model for no change of one, the next and every canary for a change, in whatever order', () => {
    const asked: unknown[] = [];
    const counted = { calls: 90, bad: 1, deaths: 0 };
    const changes = book((...what) => {
      asked.push(what);
      return counted;
    });
    const { device } = eventOf();
    const serve = (release: string, atMs: number) =>
      changes.event(eventOf({ kind: 'release-serving', release, atMs }), t0);
    changes.report(reportOf({ models: [serving('1.0.0')] }), t0);
    serve('digits@1.0.0', t0 - 9000);
    serve('voice@1.0.0', t0 - 8000);
    // The report of another release may come before its event.
    changes.report(reportOf({ models: [serving('1.1.0')] }), t0);
    serve('digits@1.1.0', t0 - 7000);
    changes.event(eventOf({ kind: 'canary-ready', release: 'sound@2.0.0', atMs: t0 - 6000 }), t0);
    const release = { kind: 'release', before: counted } as const;
    expect(changes.of(device)).toEqual([
      { ...release, what: 'digits@1.0.0', atMs: t0 - 9000, isFirst: true },
      { ...release, what: 'voice@1.0.0', atMs: t0 - 8000, isFirst: true },
      { ...release, what: 'digits@1.1.0', atMs: t0 - 7000 },
      { ...release, what: 'sound@2.0.0', atMs: t0 - 6000 },
    ]);
    expect(asked).toContainEqual([device, t0 - 7000, 'digits@1.1.0']);
  });

  it('forgets devices that have left', () => {
    const members = new Set([idOf(1)]);
    const changes = new ChangeBook({ isMember: (device) => members.has(device), callsBefore: () => undefined });
    for (const n of [1, 2]) {
      changes.event(eventOf({ device: idOf(n), kind: 'host-rebooted', atMs: t0 }), t0);
    }
    changes.forgetOthers();
    expect(changes.of(idOf(1))).toHaveLength(1);
    expect(changes.of(idOf(2))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { defaultRules } from '@bellwether/control-plane/alerts/alert-rule';
import { wordsOf } from '@bellwether/control-plane/alerts/alert-words';
import { type Conditions, evaluate } from '@bellwether/control-plane/alerts/condition';
import { type DriftSight, driftReadings } from '@bellwether/control-plane/alerts/drift-readings';
import { groupsOf } from '@bellwether/control-plane/alerts/trouble';
import type { DriftFinding, DriftSubject } from '@bellwether/control-plane/telemetry/drift/drift-finding';
import { storedDevice } from '../../support/stored-device.js';
import { deviceId, reportOf } from '../../support/telemetry-messages.js';

const release = { model: 'digits', version: '1.1.0' };
const about = { ...release, manifest: 'a'.repeat(64), sinceMs: 5 };
const whole: DriftSubject = { level: 'release' };
const on = (label: string): DriftSubject => ({ level: 'label', label });
const alone = (device: string): DriftSubject => ({ level: 'device', device });
const shift = (subject: DriftSubject, stream = 'feature a', sinceMs = 5): DriftFinding => {
  return { kind: 'shift', ...about, sinceMs, subject, stream, logE: 9, stabilityIndex: 0.4, jensenShannon: 0.1 };
};
const less = (subject: DriftSubject): DriftFinding => {
  const accuracy = { accuracy: 0.781, standardError: 0.01, answers: 900, referenceAccuracy: 0.97 };
  return { kind: 'accuracy-estimate', ...about, subject, ...accuracy };
};

/** Three devices at site a, three at site b, all of one hardware; the last one of each serves another release. */
const idOf = (n: number) => `pi-${String(n).padStart(16, '0')}`;
const devices = Array.from({ length: 6 }, (_, n) => {
  const version = n % 3 === 2 ? '1.0.0' : '1.1.0';
  const serving = { version, manifest: 'a'.repeat(64), sinceMs: 0, phase: 'settled' } as const;
  const report = reportOf({ device: idOf(n), models: [{ model: 'digits', serving, install: null, refusal: null }] });
  return storedDevice({ id: idOf(n), labels: { site: n < 3 ? 'a' : 'b', hardware: 'sim' }, report });
});
const watched = ['hardware=sim', 'site=a', 'site=b'].map((label) => ({ ...release, label, rows: 500 }));
const read = (findings: readonly DriftFinding[], sight: Partial<DriftSight> = {}) => {
  return [...driftReadings({ findings, watched, devices, ...sight })];
};
/** Which alerts there are, and their devices by number. */
const told = (findings: readonly DriftFinding[], sight: Partial<DriftSight> = {}) => {
  const alerts = new Map<string, number[]>();
  for (const { rule, subject, device } of read(findings, sight)) {
    const key = [rule, subject.label].filter(Boolean).join(' ');
    const members = alerts.get(key) ?? [];
    alerts.set(key, members);
    if (device !== null) members.push(Number(device.slice(3)));
  }
  return Object.fromEntries(alerts);
};

describe('what has drifted', () => {
  it('is said once for all values of a release, and of a device', () => {
    const streams = ['feature d', 'feature a', 'classes', 'feature b'].map((stream, i) => shift(whole, stream, 9 - i));
    const readings = read([...streams, less(whole), shift(alone(deviceId))], { devices: [] });
    const detail = 'about 80 % instead of about 95 % on its reference';
    const subject = release;
    expect(readings).toEqual([
      {
        rule: 'drift',
        subject,
        device: null,
        value: 4,
        sinceMs: 6,
        detail: 'classes, feature a, feature b and 1 more',
      },
      { rule: 'accuracy-estimate', subject, device: null, value: 1, sinceMs: 5, detail },
      { rule: 'drift', subject, device: deviceId, value: 1, sinceMs: 5, detail: 'feature a' },
    ]);
  });

  it('is one alert where the release and every value of its labels drift', () => {
    expect(told([shift(whole), ...watched.map(({ label }) => shift(on(label)))])).toEqual({ drift: [0, 1, 3, 4] });
  });

  it('is told of a label where the release does not drift, or another value of the label does not', () => {
    expect(told([shift(on('site=b'))])).toEqual({ 'drift site=b': [3, 4] });
    const some = [shift(whole), shift(on('hardware=sim')), shift(on('site=b'))];
    expect(told(some)).toEqual({ drift: [0, 1, 3, 4], 'drift site=b': [3, 4] });
  });

  it('asks of the other values only those with rows enough, of this label and this release', () => {
    const some = [shift(whole), shift(on('hardware=sim')), shift(on('site=b'))];
    const siteA = (changes: Partial<DriftSight['watched'][number]>) => [
      { ...release, label: 'site=a', rows: 200, ...changes },
    ];
    expect(Object.keys(told(some, { watched: siteA({}) }))).toEqual(['drift', 'drift site=b']);
    for (const other of [{ rows: 199 }, { version: '1.0.0' }, { model: 'voice' }, { label: 'site-2=a' }]) {
      expect(Object.keys(told(some, { watched: siteA(other) }))).toEqual(['drift']);
    }
  });

  it('holds what is put in and what answers are worth apart', () => {
    const all = [shift(whole), shift(on('site=a')), shift(on('site=b')), less(on('site=b'))];
    expect(told(all)).toEqual({ drift: [0, 1, 3, 4], 'accuracy-estimate site=b': [3, 4] });
  });

  it('names the devices that drift by themselves, where any does', () => {
    expect(told([shift(whole), shift(alone(idOf(1)))])).toEqual({ drift: [1] });
    const some = [shift(on('site=b')), shift(alone(idOf(1))), shift(alone(idOf(4)))];
    expect(told(some)).toEqual({ 'drift site=b': [4], drift: [1, 4] });
    expect(read(some).some(({ isOfAll }) => isOfAll === true)).toBe(false);
  });

  it('is told in one sentence of all devices together, and makes none of them bad by itself', () => {
    const words = (findings: readonly DriftFinding[]) => {
      const conditions = evaluate(new Map(), { readings: read(findings), rules: defaultRules, nowMs: 0 });
      const groups = groupsOf(conditions, { silences: [], labelsOf: () => ({}), nowMs: 0 });
      return [...groups.values()].map((group) => {
        const { sentence, severity, numbers } = wordsOf(group, {
          rules: defaultRules,
          fleetSize: 6,
          attribution: null,
        });
        return [sentence.slice(sentence.indexOf('reference')), severity, numbers['devices']];
      });
    };
    const names = (...all: readonly number[]) => all.map(idOf).join(', ');
    expect(words([shift(on('site=b'))])).toEqual([
      [`reference over 2 devices with site=b together (feature a): ${names(3, 4)}.`, 'warning', 2],
    ]);
    expect(words([shift(whole)])).toEqual([
      [`reference over 4 devices together (feature a): ${names(0, 1, 3)} and 1 more.`, 'warning', 4],
    ]);
    expect(words([shift(whole), shift(alone(idOf(1)))])).toEqual([
      [`reference on ${idOf(1)} (feature a).`, 'warning', 1],
    ]);
  });

  it('is no more critical for the devices that are named because they serve it, nor after a restart', () => {
    const many = Array.from({ length: 8 }, (_, n) => ({ ...(devices[0] ?? storedDevice()), id: idOf(n) }));
    const severity = (findings: readonly DriftFinding[]) => {
      const readings = read(findings, { devices: many });
      const conditions = evaluate(new Map(), { readings, rules: defaultRules, nowMs: 0 });
      const [group] = groupsOf(conditions, { silences: [], labelsOf: () => ({}), nowMs: 0 }).values();
      if (group === undefined) throw new Error('nothing drifts');
      const stored = group.members.filter(({ isOfAll }) => isOfAll === true).length;
      return [wordsOf(group, { rules: defaultRules, fleetSize: 8, attribution: null }).severity, stored];
    };
    expect(severity([shift(whole)])).toEqual(['warning', 8]);
    expect(severity([shift(whole), ...many.map(({ id }) => shift(alone(id)))])).toEqual(['critical', 0]);
  });

  it('goes from a label to the release and back without an alert more', () => {
    const label = [shift(on('site=b'))];
    const all = [shift(whole), ...watched.map((each) => shift(on(each.label)))];
    const minuteMs = 60_000;
    let conditions: Conditions = new Map();
    const alerts: string[] = [];
    const open = new Set<string>();
    // Each for a while, and for a while from look to look the one or the other.
    const looks = [
      ...Array.from({ length: 5 }, () => label),
      ...Array.from({ length: 6 }, (_, i) => (i % 2 === 0 ? all : label)),
    ];
    for (const [minute, findings] of [...looks, ...Array.from({ length: 30 }, () => all)].entries()) {
      const nowMs = minute * minuteMs;
      conditions = evaluate(conditions, { readings: read(findings), rules: defaultRules, nowMs });
      const keys = groupsOf(conditions, { silences: [], labelsOf: () => ({}), nowMs });
      for (const key of keys.keys()) if (!open.has(key)) alerts.push(`opened ${key.trim()}`);
      for (const key of open) if (!keys.has(key)) alerts.push(`resolved ${key.trim()}`);
      open.clear();
      for (const key of keys.keys()) open.add(key);
    }
    expect(alerts.map((each) => each.replaceAll(/ +/g, ' '))).toEqual([
      'opened drift digits 1.1.0 site=b',
      'opened drift digits 1.1.0',
      'resolved drift digits 1.1.0 site=b',
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { defaultRules } from '@bellwether/control-plane/alerts/alert-rule';
import { wordsOf } from '@bellwether/control-plane/alerts/alert-words';
import { evaluate } from '@bellwether/control-plane/alerts/condition';
import type { Reading } from '@bellwether/control-plane/alerts/reading';
import type { Silence } from '@bellwether/control-plane/alerts/silence';
import { groupsOf } from '@bellwether/control-plane/alerts/trouble';
import type { Attribution } from '@bellwether/shared/contract/alert';

const nowMs = 1_000_000;
const device = (n: number) => `pi-${String(n).padStart(16, '0')}`;
const silent = (n: number): Reading => {
  return { rule: 'device-silent', subject: {}, device: device(n), value: 400 + n, sinceMs: n };
};
const silence = (changes: Partial<Silence> = {}): Silence => {
  return {
    id: 's1',
    rules: [],
    labels: {},
    fromMs: 0,
    untilMs: nowMs + 1,
    by: 'operator:ada',
    why: 'roof',
    ...changes,
  };
};

function groups(readings: readonly Reading[], silences: readonly Silence[] = []) {
  const conditions = evaluate(new Map(), { readings, rules: defaultRules, nowMs });
  const labelsOf = (id: string) => ({ site: Number(id.slice(-1)) % 2 === 0 ? 'even' : 'odd' });
  return [...groupsOf(conditions, { silences, labelsOf, nowMs }).values()];
}
const words = (readings: readonly Reading[], fleetSize = 1000) => {
  return groups(readings).map((group) => wordsOf(group, { rules: defaultRules, fleetSize, attribution: null }));
};

describe('groupsOf', () => {
  it('makes one trouble of two hundred silent devices', () => {
    const found = groups(Array.from({ length: 200 }, (_, i) => silent(i)));
    expect(found.map(({ members }) => members.length)).toEqual([200]);
  });

  it('holds releases apart', () => {
    const refused = (version: string): Reading => {
      return { rule: 'release-refused', subject: { model: 'digits', version }, device: device(1), value: 1 };
    };
    expect(groups([refused('1.0.0'), refused('1.1.0'), silent(1)])).toHaveLength(3);
  });

  it('leaves out what is silenced by label, and silences what is silenced as a whole', () => {
    const all = [silent(1), silent(2), silent(3)];
    const some = groups(all, [silence({ labels: { site: 'odd' } })]);
    expect(some.map(({ members, isSilenced }) => [members.map((each) => each.device), isSilenced])).toEqual([
      [[device(2)], false],
    ]);
    expect(groups(all, [silence()])).toMatchObject([{ isSilenced: true, members: [{}, {}, {}] }]);
  });

  it('silences what is found of a label with the devices of that label', () => {
    const drifts = (label: string): Reading => {
      return { rule: 'drift', subject: { model: 'digits', version: '1.0.0', label }, device: null, value: 1 };
    };
    const found = groups([drifts('site=odd'), drifts('site=even')], [silence({ labels: { site: 'odd' } })]);
    expect(found.map(({ subject, isSilenced }) => [subject.label, isSilenced])).toEqual([
      ['site=odd', true],
      ['site=even', false],
    ]);
  });

  it('hears what another rule, another time or another label is silenced for', () => {
    const isHeard = (changes: Partial<Silence>) => groups([silent(1)], [silence(changes)])[0]?.isSilenced === false;
    expect(isHeard({})).toBe(false);
    expect(isHeard({ rules: ['clone'] })).toBe(true);
    expect(isHeard({ fromMs: nowMs + 1 })).toBe(true);
    expect(isHeard({ untilMs: nowMs })).toBe(true);
    expect(isHeard({ labels: { site: 'even' } })).toBe(true);
  });
});

describe('wordsOf', () => {
  it('says on which devices a release drifts', () => {
    const drift = (label?: string): Reading => {
      const subject = { model: 'digits', version: '1.0.0', ...(label !== undefined && { label }) };
      return { rule: 'drift', subject, device: null, value: 1, detail: 'confidence' };
    };
    expect(words([drift(), drift('site=a')]).map(({ sentence }) => sentence)).toEqual([
      'What digits@1.0.0 sees has drifted away from its reference (confidence).',
      'What digits@1.0.0 sees has drifted away from its reference on devices with site=a (confidence).',
    ]);
  });

  it('says who, how many and how much', () => {
    expect(words([silent(1)])).toMatchObject([
      { severity: 'warning', sentence: `${device(1)} has said nothing for 5 min or longer.` },
    ]);
    const many = words(Array.from({ length: 5 }, (_, i) => silent(i)));
    const names = `${device(0)}, ${device(1)}, ${device(2)} and 2 more`;
    expect(many).toMatchObject([{ sentence: `5 devices have said nothing for 5 min or longer: ${names}.` }]);
    expect(many[0]?.numbers).toEqual({ devices: 5, fleetDevices: 1000, silentSeconds: 404 });
  });

  it('names a cause that was found, and not again what the source has said', () => {
    const attribution = { cause: 'model', sentence: 'The release: it is.', common: null } as const;
    const found = (cause: Attribution | null, changes: Partial<Reading> = {}) =>
      groups([{ ...silent(1), ...changes }]).map((group) => {
        return wordsOf(group, { rules: defaultRules, fleetSize: 9, attribution: cause }).sentence;
      })[0];
    const plain = `${device(1)} has said nothing for 5 min or longer.`;
    expect(found(attribution)).toBe(`${plain} The release: it is.`);
    expect(found({ ...attribution, cause: 'undetermined' })).toBe(plain);
    expect(found(attribution, { attribution })).toBe(plain);
  });

  it('is critical where a fifth of the fleet, and five devices, are in it', () => {
    const five = Array.from({ length: 5 }, (_, i) => silent(i));
    expect(words(five, 25)[0]?.severity).toBe('critical');
    expect(words(five, 26)[0]?.severity).toBe('warning');
    expect(words(five.slice(1), 4)[0]?.severity).toBe('warning');
  });
});

import type { Labels } from '@bellwether/shared/contract/http-api';
import type { AlertMember } from './alert-record.js';
import type { Trouble } from './alert-transition.js';
import type { Condition, Conditions } from './condition.js';
import { alertKey } from './reading.js';
import { isCovered, type Silence } from './silence.js';
import { holds } from './silence-times.js';

/** What is wrong, before it is put into words. */
export type Group = Omit<Trouble, 'words'> & { readonly conditions: readonly Condition[] };

interface Silencing {
  readonly silences: readonly Silence[];
  /** Of a device that nobody knows: undefined. */
  readonly labelsOf: (device: string) => Labels | undefined;
  readonly nowMs: number;
}

/**
 * What is wrong, by alertKey(): two hundred silent devices are one trouble. Devices under a silence are left out while others
 * are not; where all are, it is silenced as a whole.
 */
export function groupsOf(conditions: Conditions, { silences, labelsOf, nowMs }: Silencing): ReadonlyMap<string, Group> {
  const byKey = new Map<string, Condition[]>();
  for (const condition of conditions.values()) {
    if (condition.phase !== 'on') continue;
    const key = alertKey(condition.rule, condition.subject);
    const all = byKey.get(key);
    if (all === undefined) byKey.set(key, [condition]);
    else all.push(condition);
  }
  // Once a look, not once a device: a pattern has to be read for it.
  const current = silences.filter((silence) => holds(silence, nowMs));
  const isHeard = ({ rule, subject, device }: Condition): boolean => {
    const labels = device === null ? labelOf(subject.label) : labelsOf(device);
    return !current.some((silence) => isCovered(silence, { rule, labels }));
  };
  const groups = new Map<string, Group>();
  for (const [key, all] of byKey) {
    const heard = current.length === 0 ? all : all.filter(isHeard);
    const shown = (heard.length > 0 ? heard : all).toSorted(
      (a, b) => a.sinceMs - b.sinceMs || ((a.device ?? '') < (b.device ?? '') ? -1 : 1),
    );
    const [first] = shown;
    if (first === undefined) continue;
    const { rule, subject } = first;
    groups.set(key, { rule, subject, members: shown.map(memberOf), conditions: shown, isSilenced: heard.length === 0 });
  }
  return groups;
}

/** What is found of `site=a` is about devices of this label, whatever else they have. */
function labelOf(label: string | undefined): Labels | undefined {
  if (label === undefined) return undefined;
  const [key = '', ...value] = label.split('=');
  return { [key]: value.join('=') };
}

function memberOf({ device, sinceMs, value, detail, isOfAll }: Condition): AlertMember {
  return { device, sinceMs, value, ...(detail !== undefined && { detail }), ...(isOfAll === true && { isOfAll }) };
}

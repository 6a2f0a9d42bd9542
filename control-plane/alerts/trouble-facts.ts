import type { AlertRule, AlertSubject } from '@bellwether/shared/contract/alert';
import type { Device } from '../fleet/device.js';
import type { DeviceChange, DeviceFacts, Symptom, Trouble } from './attribution-facts.js';
import type { Condition } from './condition.js';
import type { Group } from './trouble.js';

/** What kind of trouble a rule finds; of the others a cause is not looked for: they name it, or have none on devices. */
const symptoms: ReadonlyMap<AlertRule, Symptom> = new Map<AlertRule, Symptom>([
  ['device-silent', 'silent'],
  ['crash-loop', 'failures'],
  ['error-rate', 'failures'],
  ['latency-budget', 'slow'],
  ['drift', 'drift'],
  ['accuracy-estimate', 'drift'],
  ['disk-trend', 'full'],
  ['memory-trend', 'full'],
  ['temperature-trend', 'hot'],
  ['telemetry-lost', 'telemetry'],
  ['clock-skew', 'telemetry'],
]);

/** Undefined: nobody looks for a cause. */
export function symptomOf(rule: AlertRule): Symptom | undefined {
  return symptoms.get(rule);
}

interface TroubleSight {
  readonly devices: readonly Device[];
  readonly changesOf: (device: string) => readonly DeviceChange[];
  /** Everything that is wrong anywhere, or begins to be, silenced or not. */
  readonly wrong: Iterable<Condition>;
  /** Whether such trouble would be seen on this device, which serves this release. */
  readonly isSeen: (device: string, release: string) => boolean;
}

/**
 * The devices that a cause is looked for among: the affected, and the others that run the same model and are well. Those with
 * the same trouble on another release or of another label, or under a silence, are neither, nor are those on which it would not be seen.
 */
export function troubleFacts(
  group: Pick<Group, 'rule' | 'subject' | 'conditions'>,
  { devices, changesOf, wrong, isSeen }: TroubleSight,
): Required<Pick<Trouble, 'devices' | 'elsewhere'>> {
  const { subject, conditions } = group;
  const { model, version } = subject;
  const unwell = alikeTroubled(group, wrong);
  const sinceMs = new Map(conditions.map((each) => [each.device, each.sinceMs] as const));
  // Where it is found on devices, too, those are the affected.
  const ofAll = sinceMs.size === 1 ? sinceMs.get(null) : undefined;
  let elsewhere = 0;
  const facts = devices.flatMap((device): readonly DeviceFacts[] => {
    const releases = releasesOf(device);
    const isOfModel =
      model === undefined || releases.some((release) => release.startsWith(`${model}@`) && isSeen(device.id, release));
    // What is found over all devices of a release, or of a label, is about each of them.
    const troubleSinceMs = sinceMs.get(device.id) ?? (ofAll !== undefined && isAbout(device, subject) ? ofAll : null);
    if (troubleSinceMs === null && unwell.has(device.id)) {
      if (version !== undefined && !releases.includes(`${model}@${version}`)) elsewhere++;
      return [];
    }
    if (troubleSinceMs === null && !isOfModel) return [];
    return [{ device: device.id, troubleSinceMs, releases, labels: labelsOf(device), changes: changesOf(device.id) }];
  });
  return { devices: facts, elsewhere };
}

/** Devices with trouble of this rule and model. What is found of a release over all its devices says of none of them that it is unwell within it. */
function alikeTroubled(
  { rule, subject }: Pick<Group, 'rule' | 'subject'>,
  wrong: Iterable<Condition>,
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { device, isOfAll, ...each } of wrong) {
    if (device === null || each.rule !== rule || each.subject.model !== subject.model) continue;
    if (isOfAll !== true || each.subject.version !== subject.version) found.add(device);
  }
  return found;
}

/** Whether the device serves this release, as a canary, too, and has this label. */
export function isAbout(
  device: Device,
  { model, version, label }: Pick<AlertSubject, 'model' | 'version' | 'label'>,
): boolean {
  return releasesOf(device).includes(`${model}@${version}`) && hasLabel(device, label);
}

function releasesOf({ report }: Device): readonly string[] {
  return (report?.models ?? []).flatMap(({ model, serving, canary }) => [
    ...(serving === null ? [] : [`${model}@${serving.version}`]),
    ...(canary?.state === 'ready' ? [`${model}@${canary.version}`] : []),
  ]);
}

/** Those of its owner, and what it reports of itself where the owner does not say it. */
function labelsOf({ labels, report }: Device): Readonly<Record<string, string>> {
  const { machine, agent } = report ?? {};
  return {
    ...(agent !== undefined && { agent: agent.version }),
    ...(machine !== undefined && { kernel: machine.kernel, os: machine.os, machine: machine.hardware }),
    ...labels,
  };
}

/** True for a device with `key=value`, and for every one where no label is asked for. */
export function hasLabel({ labels }: Device, label: string | undefined): boolean {
  if (label === undefined) return true;
  const end = label.indexOf('=');
  return labels[label.slice(0, end)] === label.slice(end + 1);
}

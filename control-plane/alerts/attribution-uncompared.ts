import type { Attribution } from '@bellwether/shared/contract/alert';
import type { CallsBefore, DeviceChange, DeviceFacts, Symptom, Trouble } from './attribution-facts.js';
import { beforeMs, changeText, sideOf, type Trait } from './attribution-traits.js';

/** Nobody is left to compare with where fewer than one in so many is not affected. */
const fewOthers = 20;
/** To blame a change so many devices are asked for, and that so many of them had it. */
const minDevices = 5;
const minPart = 0.8;
/** And that no more than so many, for each of them, have the trouble without it. */
const maxElsewhere = 0.2;
/** A device was healthy with so many calls, of which no more failed than a rollout allows by default. */
const minCalls = 50;
const maxBad = 0.005;
const maxNamed = 3;

/** Something that changed on affected devices in the hour before their trouble. */
interface CommonChange {
  readonly change: DeviceChange;
  /** When, on the affected devices. */
  readonly times: number[];
  /** What the calls of the affected did before, where they were counted. */
  readonly before: CallsBefore[];
  /** Devices without trouble that got it before or during anybody's. */
  others: number;
}

interface Counts {
  readonly affected: number;
  readonly others: number;
  /** With the same trouble on another release. */
  readonly elsewhere: number;
}

/**
 * What changed on nearly all affected devices just before, where no other is left to compare with. That alone accuses nobody:
 * it is undetermined, and said what changed, when, and what would tell. Failures are compared with the same devices before
 * the change, where their calls were counted and were well, and where hardly anybody has the same trouble without it.
 * Undefined: nothing changed on nearly all of them. `only`: where the other side is ruled out.
 */
export function uncompared(
  { symptom, devices, elsewhere = 0 }: Pick<Trouble, 'symptom' | 'devices' | 'elsewhere'>,
  only: Trait['side'] | undefined,
): Attribution | undefined {
  const affected = devices.filter(({ troubleSinceMs }) => troubleSinceMs !== null).length;
  if (affected === 0) return undefined;
  const counts = { affected, others: devices.length - affected, elsewhere };
  const changes = commonChanges(devices)
    .filter(({ change }) => only === undefined || sideOf(change) === only)
    .filter((each) => each.times.length >= minPart * affected)
    .toSorted((a, b) => b.times.length - a.times.length);
  const isWhole = counts.others * fewOthers <= affected && affected >= minDevices;
  const real = changes.filter(({ change }) => change.isFirst !== true);
  if (isWhole && real.length > 0) {
    const isOneSided = new Set(real.map(({ change }) => sideOf(change))).size === 1;
    const isAlone = elsewhere <= maxElsewhere * affected;
    return (
      (isOneSided && isAlone && symptom === 'failures' ? comparedWithBefore(real, counts) : undefined) ??
      unknown(real, counts, symptom)
    );
  }
  // Drift says that a release is not made for what it sees; of one that has just come nobody knows whether it ever was.
  const releases = changes.filter(({ change }) => change.kind === 'release');
  return symptom === 'drift' && releases.length > 0 ? unknown(releases, counts, symptom) : undefined;
}

function comparedWithBefore(changes: readonly CommonChange[], counts: Counts): Attribution | undefined {
  const [first] = changes;
  if (first === undefined) return undefined;
  const healthy = first.before.filter(isHealthy);
  if (healthy.length < minPart * first.times.length) return undefined;
  const isModel = sideOf(first.change) === 'model';
  const before = `before it ${healthy.length} of these devices were well: ${failed(healthy)}`;
  return attribution(
    isModel ? 'model' : 'infrastructure',
    `${isModel ? 'The release' : 'What it runs on'}: ${told(changes, counts)}; ${before}.`,
  );
}

function unknown(changes: readonly CommonChange[], counts: Counts, symptom: Symptom): Attribution {
  const isRelease = changes.some(({ change }) => change.kind === 'release');
  const known = symptom === 'failures' ? (changes[0]?.before ?? []) : [];
  const before = known.some(({ calls }) => calls > 0) ? `; before it ${failed(known)}` : '';
  const whoTells = isRelease ? 'a device on another release, or a canary beside it,' : 'a device without it';
  const { elsewhere } = counts;
  const end = elsewhere > 0 ? `on other releases ${elsewhere} have the same trouble` : `${whoTells} would tell`;
  return attribution('undetermined', `Undetermined: ${told(changes, counts)}${before}; ${end}.`);
}

/** `20 of 20 affected devices got digits@1.2.0 (2026-11-23 12:01 to 12:14 UTC), and no device is left to compare with`. */
function told(changes: readonly CommonChange[], counts: Counts): string {
  const { affected } = counts;
  const what = changes
    .slice(0, maxNamed)
    .map(
      (each) =>
        `${each.times.length} of ${affected} affected devices ${changeText(each.change)}${each.change.isFirst === true ? ', their first release' : ''} ${timesOf(each)}`,
    );
  return `${what.join('; ')}, and ${leftOf(changes[0]?.others ?? 0, counts)}`;
}

function leftOf(alike: number, { affected, others }: Counts): string {
  if (others === 0) return 'no device is left to compare with';
  const said = `${alike} of ${others} others as well`;
  if (alike === others) return `${said}, so that no device is left to compare with`;
  return `${said}, ${others * fewOthers <= affected ? 'too few to compare with' : 'which does not set them apart'}`;
}

function failed(all: readonly CallsBefore[]): string {
  const bad = all.reduce((sum, each) => sum + each.bad, 0);
  return `${bad} of ${all.reduce((sum, each) => sum + each.calls, 0)} calls failed`;
}

function isHealthy({ calls, bad, deaths }: CallsBefore): boolean {
  return calls >= minCalls && bad <= maxBad * calls && deaths === 0;
}

function commonChanges(devices: readonly DeviceFacts[]): readonly CommonChange[] {
  const untilMs = devices.reduce((latest, { troubleSinceMs }) => Math.max(latest, troubleSinceMs ?? 0), 0);
  const found = new Map<string, CommonChange>();
  for (const { troubleSinceMs, changes } of devices) {
    const endMs = troubleSinceMs ?? untilMs;
    const seen = new Set<string>();
    for (const change of changes) {
      const key = `${change.kind} ${change.what} ${change.isFirst === true}`;
      if (change.atMs > endMs || change.atMs < endMs - beforeMs || seen.has(key)) continue;
      seen.add(key);
      const common = found.get(key) ?? { change, times: [], before: [], others: 0 };
      found.set(key, common);
      if (troubleSinceMs === null) common.others++;
      else common.times.push(change.atMs);
      if (troubleSinceMs !== null && change.before !== undefined) common.before.push(change.before);
    }
  }
  return [...found.values()];
}

/** `(2026-11-23 12:01 to 12:14 UTC)` */
function timesOf({ times }: CommonChange): string {
  const ms = times.toSorted((a, b) => a - b);
  const [from, to] = [minuteText(ms[0] ?? 0), minuteText(ms.at(-1) ?? 0)];
  if (from === to) return `(${from} UTC)`;
  return `(${from} to ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to} UTC)`;
}

function minuteText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

function attribution(cause: Attribution['cause'], sentence: string): Attribution {
  return { cause, sentence, common: null };
}

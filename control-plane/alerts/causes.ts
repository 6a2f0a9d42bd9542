import type { Attribution } from '@bellwether/shared/contract/alert';
import type { SegmentCounters } from '@bellwether/shared/evidence/counters';
import type { Device } from '../fleet/device.js';
import { attribute } from './attribution.js';
import type { ChangeBook } from './change-book.js';
import type { Conditions } from './condition.js';
import type { Group } from './trouble.js';
import { symptomOf, troubleFacts } from './trouble-facts.js';

/** Counting what thousands of devices have in common takes milliseconds: it is done again so often, at the earliest and at the latest. */
const atEarliestMs = 5000;
const atLatestMs = 60_000;

interface CauseParts {
  /** The devices that are in. */
  readonly devices: () => readonly Device[];
  readonly changes: Pick<ChangeBook, 'of' | 'forgetOthers'>;
  /** True for a device with calls of this model of late. */
  readonly hasCalls: (device: string, model: string) => boolean;
  /** True for a release that is found to drift when it does. */
  readonly isWatched: (release: string) => boolean;
  /** What both arms counted since then on the devices of the rollouts of this model that are on their way. */
  readonly segmentsOf: (model: string, sinceMs: number) => readonly SegmentCounters[];
}

interface Known {
  readonly of: string;
  readonly atMs: number;
  readonly attribution: Attribution | null;
  /** It was found by the last run of the server, which knew what was before. */
  readonly isFromLastRun: boolean;
}

/** Where troubles come from, looked for when their devices are others. */
export class Causes {
  readonly #parts: CauseParts;
  readonly #known = new Map<string, Known>();

  constructor(parts: CauseParts) {
    this.#parts = parts;
  }

  /** What the last run found stays for the same devices as long as nothing else is found: this run does not know what went before. */
  resume(key: string, members: Group['members'], attribution: Attribution | null): void {
    if (attribution === null || attribution.cause === 'undetermined') return;
    this.#known.set(key, {
      of: sameness(members),
      atMs: Number.NEGATIVE_INFINITY,
      attribution,
      isFromLastRun: true,
    });
  }

  /** The cause of a trouble; null: nobody looks for one. `key`: alertKey(); `wrong`: all that is wrong or begins to be. */
  of(
    key: string,
    group: Group,
    { wrong, nowMs }: { readonly wrong: Conditions; readonly nowMs: number },
  ): Attribution | null {
    const known = this.#known.get(key);
    const of = sameness(group.members);
    const ageMs = nowMs - (known?.atMs ?? Number.NEGATIVE_INFINITY);
    if (known !== undefined && (ageMs < atEarliestMs || (ageMs < atLatestMs && known.of === of)))
      return known.attribution;
    const found = this.#look(group, wrong);
    const isFound = found !== null && found.cause !== 'undetermined';
    const isFromLastRun = known?.isFromLastRun === true && known.of === of && !isFound;
    const attribution = isFromLastRun ? known.attribution : found;
    this.#known.set(key, { of, atMs: nowMs, attribution, isFromLastRun });
    return attribution;
  }

  /** Forgets all but these troubles, and what is known of devices that have left. */
  keep(keys: ReadonlySet<string> | ReadonlyMap<string, unknown>): void {
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
    this.#parts.changes.forgetOthers();
  }

  #look(group: Group, wrong: Conditions): Attribution | null {
    const said = group.conditions.flatMap(({ attribution }) => attribution ?? [])[0];
    if (said !== undefined) return said;
    const symptom = symptomOf(group.rule);
    if (symptom === undefined) return null;
    const { devices, changes, isWatched, hasCalls, segmentsOf } = this.#parts;
    const { model } = group.subject;
    const isOfCalls = symptom === 'failures' || symptom === 'slow';
    const { devices: facts, elsewhere } = troubleFacts(group, {
      devices: devices(),
      changesOf: (device) => changes.of(device),
      wrong: wrong.values(),
      isSeen: (device, release) => {
        if (symptom === 'drift') return isWatched(release);
        return !isOfCalls || model === undefined || hasCalls(device, model);
      },
    });
    const sinceMs = group.members.reduce((least, each) => Math.min(least, each.sinceMs), Number.POSITIVE_INFINITY);
    const segments = model === undefined ? [] : segmentsOf(model, sinceMs);
    const affected = facts.filter(({ troubleSinceMs }) => troubleSinceMs !== null).length;
    // What one device has that the others have not is everything about it.
    if (affected < 2 && segments.length === 0) return null;
    const isTogether = group.conditions.every(({ device, isOfAll }) => device === null || isOfAll === true);
    return attribute({ symptom, devices: facts, elsewhere, isTogether, segments });
  }
}

/** Equal for the same devices, in trouble since the same times. */
function sameness(members: Group['members']): string {
  return `${members.length} ${members.reduce((sum, { sinceMs }) => sum + sinceMs, 0)}`;
}

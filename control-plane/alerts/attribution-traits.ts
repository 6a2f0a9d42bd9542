import type { DeviceChange, DeviceFacts } from './attribution-facts.js';
import { holm, liftOf, logFisherAbove, type TwoByTwo } from './attribution-fisher.js';

/** A change explains trouble that begins within this time after it. */
export const beforeMs = 60 * 60_000;

/** A finding is held to this p after correction, to this lift, and to this part of the affected. */
const maxLogP = Math.log(0.01);
const minLift = 2;
const minPart = 0.5;

/** Something that devices have or that happened to them. */
export interface Trait {
  /** Whose doing it would be. */
  readonly side: 'model' | 'infrastructure';
  /** It happened shortly before: what was there all along explains no beginning by itself. */
  readonly isChange: boolean;
  /** `site=north`, or what happened: `got kernel 6.1.0-28`. */
  readonly text: string;
  /** Where it is a label. */
  readonly label: string | null;
}

/** A trait with its counts. `logP` is corrected for all traits that were looked at. */
export interface CountedTrait extends Trait, TwoByTwo {
  readonly lift: number;
  readonly logP: number;
}

/** All traits that two of these devices have, counted; the least likely by chance first. At least one device has trouble. */
export function countTraits(devices: readonly DeviceFacts[]): readonly CountedTrait[] {
  const troubles = devices.flatMap(({ troubleSinceMs }) => (troubleSinceMs === null ? [] : [troubleSinceMs]));
  const span = {
    from: troubles.reduce((a, b) => Math.min(a, b)) - beforeMs,
    until: troubles.reduce((a, b) => Math.max(a, b)),
  };
  const counts = new Map<string, { readonly trait: Trait; affected: number; others: number }>();
  for (const each of devices) {
    for (const [key, trait] of traitsOf(each, span)) {
      const count = counts.get(key) ?? { trait, affected: 0, others: 0 };
      counts.set(key, count);
      if (each.troubleSinceMs === null) count.others++;
      else count.affected++;
    }
  }
  const ofs = { ofAffected: troubles.length, ofOthers: devices.length - troubles.length };
  // A serial number says nothing about what devices have in common, however many there are of them.
  const tables = [...counts.values()]
    .filter(({ affected, others }) => affected + others > 1)
    .map(({ trait, affected, others }) => ({ trait, table: { affected, others, ...ofs } }));
  const logPs = holm(tables.map(({ table }) => logFisherAbove(table)));
  return tables
    .map(({ trait, table }, i) => ({ ...trait, ...table, lift: liftOf(table), logP: logPs[i] ?? 0 }))
    .sort((a, b) => a.logP - b.logP || b.affected - a.affected || (a.text < b.text ? -1 : 1));
}

/** Whether a trait sets the affected apart from the others. */
export function isTelling({ logP, lift, affected, ofAffected }: CountedTrait): boolean {
  return logP <= maxLogP && lift >= minLift && affected >= minPart * ofAffected;
}

/** Of an affected device the changes before its trouble; of the others those before or during anybody's, which is more. */
function traitsOf(
  { troubleSinceMs, labels, releases, changes }: DeviceFacts,
  span: { readonly from: number; readonly until: number },
): ReadonlyMap<string, Trait> {
  const { from, until } = troubleSinceMs === null ? span : { from: troubleSinceMs - beforeMs, until: troubleSinceMs };
  const traits = new Map<string, Trait>();
  for (const [name, value] of Object.entries(labels)) {
    const label = `${name}=${value}`;
    traits.set(`label ${label}`, { side: 'infrastructure', isChange: false, text: `have ${label}`, label });
  }
  for (const release of releases) {
    traits.set(`serves ${release}`, { side: 'model', isChange: false, text: `serve ${release}`, label: null });
  }
  for (const change of changes) {
    // Where no release was before, none was changed.
    if (change.isFirst === true || change.atMs < from || change.atMs > until) continue;
    traits.set(`${change.kind} ${change.what}`, traitOfChange(change));
  }
  return traits;
}

function traitOfChange(change: DeviceChange): Trait {
  const text = `${changeText(change)} in the hour before`;
  return { side: sideOf(change), isChange: true, text, label: null };
}

/** Whose doing a change would be. */
export function sideOf({ kind }: Pick<DeviceChange, 'kind'>): Trait['side'] {
  return kind === 'release' ? 'model' : 'infrastructure';
}

/** What happened, to be read after the devices: `got digits@1.2.0`. */
export function changeText({ kind, what }: Pick<DeviceChange, 'kind' | 'what'>): string {
  switch (kind) {
    case 'release':
      return `got ${what}`;
    case 'os':
      return `got system ${what}`;
    case 'reboot':
      return 'were started anew';
    case 'settings':
      return `got other settings (${what})`;
  }
}

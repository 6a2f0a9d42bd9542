import type { Window } from '@bellwether/shared/contract/window';
import type { ReferenceBook } from './reference-book.js';
import type { WatchedRelease } from './watched-release.js';
import { addAnswers, addFeatures } from './window-rows.js';

/** Rows of one release that one device has brought. */
export interface FreshRows {
  readonly device: string;
  readonly release: WatchedRelease;
  readonly sum: Float64Array;
}

/** Pairs of device and release between two looks; what comes beyond them is not watched, and counted. */
const maxPairs = 20_000;
/** Windows that wait for a reference to be read. */
const maxUnread = 1000;

type Named = Parameters<ReferenceBook['of']>[0];

/** What windows have brought since the last look: sums only, since every window of the fleet comes here. */
export class FreshWindows {
  readonly #references: Pick<ReferenceBook, 'of'>;
  #byRelease = new Map<WatchedRelease, Map<string, FreshRows>>();
  #pairs = 0;
  #unread: { readonly device: string; readonly window: Window }[] = [];
  /** Windows of which something could not be counted. */
  #skipped = 0;

  constructor(references: Pick<ReferenceBook, 'of'>) {
    this.#references = references;
  }

  get skipped(): number {
    return this.#skipped;
  }

  /** True when windows wait for a reference. */
  get isWaiting(): boolean {
    return this.#unread.length > 0;
  }

  get isEmpty(): boolean {
    return this.#pairs === 0 && !this.isWaiting;
  }

  take(device: string, window: Window): void {
    if (isRead(window, this.#references)) this.#add(device, window);
    else if (this.#unread.length < maxUnread) this.#unread.push({ device, window });
    else this.#skipped++;
  }

  /** Everything since the last time, but for windows whose reference is still being read. */
  drain(): readonly FreshRows[] {
    const unread = this.#unread;
    this.#unread = [];
    for (const { device, window } of unread) this.take(device, window);
    const rows = [...this.#byRelease.values()].flatMap((devices) => [...devices.values()]);
    this.#byRelease = new Map();
    this.#pairs = 0;
    return rows;
  }

  #add(device: string, window: Window): void {
    for (const arm of window.arms) {
      if (arm.arm === 'shadow') continue;
      const rows = this.#of(device, arm);
      if (rows !== undefined) addAnswers(rows.sum, rows.release, arm, window.endMs - window.startMs);
    }
    for (const features of window.features ?? []) {
      const rows = this.#of(device, features);
      if (rows !== undefined) addFeatures(rows.sum, rows.release, features, window.endMs);
    }
  }

  #of(device: string, named: Named): FreshRows | undefined {
    const release = this.#references.of(named);
    if (release === undefined || release === 'reading') return undefined;
    let devices = this.#byRelease.get(release);
    if (devices === undefined) this.#byRelease.set(release, (devices = new Map<string, FreshRows>()));
    const known = devices.get(device);
    if (known !== undefined) return known;
    if (this.#pairs >= maxPairs) {
      this.#skipped++;
      return undefined;
    }
    this.#pairs++;
    const rows = { device, release, sum: new Float64Array(release.bins) };
    devices.set(device, rows);
    return rows;
  }
}

function isRead({ arms, features = [] }: Window, references: Pick<ReferenceBook, 'of'>): boolean {
  for (const arm of arms) if (references.of(arm) === 'reading') return false;
  for (const each of features) if (references.of(each) === 'reading') return false;
  return true;
}

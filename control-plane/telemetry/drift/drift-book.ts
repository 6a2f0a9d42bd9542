import type { AccuracyEstimate } from '@bellwether/shared/evidence/accuracy-estimate';
import { formatReleaseId } from '@bellwether/shared/ids';
import type { DriftSubject, WatchedLabel } from './drift-finding.js';
import { lookAt } from './drift-look.js';
import type { DriftStore, StoredLook } from './drift-store.js';
import type { SubjectLook } from './found-drift.js';
import { packDrift, unpackDrift } from './packed-drift.js';
import type { ReferenceBook } from './reference-book.js';
import { lookKey, type Waiting } from './waiting-rows.js';

/** The last look at one release on one subject. */
export type LastLook = Omit<StoredLook, 'through'>;

/** A release on a subject, as people are shown it. */
export interface WatchedSubject {
  readonly model: string;
  readonly version: string;
  readonly manifest: string;
  readonly subject: DriftSubject;
  /** Devices of the release that were looked at. */
  readonly devices: number;
  /** Watched values, classes and confidence. */
  readonly streams: number;
  readonly lastAtMs: number;
  readonly accuracy: AccuracyEstimate | null;
  readonly referenceAccuracy: number | null;
}

/** More than this on what is watched goes the one that was silent longest; its detectors stay in the database. */
const maxLooks = 20_000;
/** What has not been heard of for so long says nothing of now: it was taken back, or its devices are away. It is told again when they are back. */
const currentMs = 3 * 3_600_000;
/** What has not been heard of for so long is forgotten. */
const keptMs = 30 * 86_400_000;

/** The last look at everything that is watched; the detectors themselves are in the database. */
export class DriftBook {
  readonly #references: Pick<ReferenceBook, 'of'>;
  /** The one silent longest first. */
  readonly #looks = new Map<string, LastLook>();

  constructor(references: Pick<ReferenceBook, 'of'>) {
    this.#references = references;
  }

  /** Takes in a look that was stored. */
  read(look: LastLook): void {
    this.keep(look);
    // Asking for its reference has it read.
    this.#references.of(look);
  }

  keep(look: LastLook): void {
    const key = lookKey(look.manifest, look.subject);
    this.#looks.delete(key);
    this.#looks.set(key, look);
    for (const oldest of this.#looks.keys()) {
      if (this.#looks.size <= maxLooks) break;
      this.#looks.delete(oldest);
    }
  }

  /** Takes in what waits; `packed`: the detectors as they were stored. */
  lookAt(
    { subject, release, sum }: Waiting,
    packed: Uint8Array | undefined,
    nowMs: number,
  ): { readonly look: LastLook; readonly detectors: Uint8Array } {
    const { model, version, manifest } = release;
    const known = this.#looks.get(lookKey(manifest, subject))?.kept;
    const kept = known?.streams.length === release.streams.length ? known : undefined;
    const looked = lookAt(release, { kept, drifts: unpackDrift(packed, release) }, sum, nowMs);
    return {
      look: { subject, model, version, manifest, kept: looked.kept },
      detectors: packDrift(looked.drifts, release),
    };
  }

  forgetBefore(nowMs: number, store: Pick<DriftStore, 'trim'>): void {
    const beforeMs = nowMs - keptMs;
    for (const [key, { kept }] of this.#looks) {
      if (kept.lastAtMs < beforeMs) this.#looks.delete(key);
    }
    store.trim(beforeMs);
  }

  /** Of releases whose references can be read. */
  *looks(nowMs: number): Iterable<SubjectLook> {
    for (const look of this.#looks.values()) {
      const release = this.#references.of(look);
      if (release === undefined || release === 'reading') continue;
      const { streams, accuracy } = look.kept;
      if (streams.length !== release.streams.length) continue;
      const { names, ...about } = release;
      const known = { streams, accuracy: accuracy ?? undefined, isCurrent: isCurrent(look, nowMs) };
      yield { subject: look.subject, release: { ...about, streams: names }, ...known };
    }
  }

  /** Releases on all their devices, but for what has been silent too long. */
  releases(nowMs: number): ReadonlySet<string> {
    const looks = [...this.#looks.values()].filter(
      (look) => look.subject.level === 'release' && isCurrent(look, nowMs),
    );
    return new Set(looks.map(formatReleaseId));
  }

  /** Releases on labels, but for what has been silent too long. */
  labels(nowMs: number): readonly WatchedLabel[] {
    return [...this.#looks.values()].flatMap((look) => {
      const { subject, model, version, kept } = look;
      if (subject.level !== 'label' || !isCurrent(look, nowMs)) return [];
      return [{ model, version, label: subject.label, rows: kept.rows ?? 0 }];
    });
  }

  /** Releases on all devices and on labels; devices only by their number. */
  watched(nowMs: number): readonly WatchedSubject[] {
    const devices = new Map<string, number>();
    const watched: LastLook[] = [];
    for (const look of this.#looks.values()) {
      if (!isCurrent(look, nowMs)) continue;
      if (look.subject.level === 'device') devices.set(look.manifest, (devices.get(look.manifest) ?? 0) + 1);
      else watched.push(look);
    }
    return watched.map((look) => {
      const { model, version, manifest, subject, kept } = look;
      const release = this.#references.of(look);
      const referenceAccuracy = (release === 'reading' ? undefined : release?.accuracy) ?? null;
      const { lastAtMs, accuracy, streams } = kept;
      const about = { model, version, manifest, subject, lastAtMs, accuracy, referenceAccuracy };
      return { ...about, devices: devices.get(manifest) ?? 0, streams: streams.length };
    });
  }
}

function isCurrent({ kept }: LastLook, nowMs: number): boolean {
  return nowMs - kept.lastAtMs < currentMs;
}

import type { DriftSubject } from './drift-finding.js';
import type { KeptLook } from './drift-look.js';

/** A release on a subject, and what was found at the last look; `through`: the number of the newest window that is in it. */
export interface StoredLook {
  readonly subject: DriftSubject;
  readonly model: string;
  readonly version: string;
  readonly manifest: string;
  readonly kept: KeptLook;
  readonly through: number;
}

/** A stored window, by its number. */
export interface NumberedWindow {
  readonly number: number;
  readonly device: string;
  readonly arrivedAtMs: number;
  readonly body: string;
}

/** Where looks for drift are kept, and which windows are in them. */
export interface DriftStore {
  /** The number of the newest stored window; 0 when there is none. They ascend. */
  newest(): number;
  /** Every window up to this number is in every look that it belongs to. */
  through(): number;
  setThrough(number: number): void;
  /** Windows after one number up to another, in their order. */
  windows(after: number, upTo: number, limit: number): readonly NumberedWindow[];
  /** Looks in rows after this one, in the order of their rows; without their detectors. */
  looks(afterRow: number, limit: number): readonly (StoredLook & { readonly row: number })[];
  /** The packed detectors of one. */
  detectors(key: Pick<StoredLook, 'subject' | 'manifest'>): Uint8Array | undefined;
  put(look: StoredLook, detectors: Uint8Array): void;
  /** Forgets what was looked at last before this. */
  trim(beforeMs: number): void;
  /** Runs `work` in one transaction: all of it is stored, or nothing. */
  inOneCommit(work: () => void): void;
}

/** A subject as one text: `device pi-7-…`, `label site=a`, `release`. */
export function subjectKey(subject: DriftSubject): string {
  switch (subject.level) {
    case 'device':
      return `device ${subject.device}`;
    case 'label':
      return `label ${subject.label}`;
    case 'release':
      return 'release';
  }
}

/** The subject that `subjectKey` made this text of. */
export function subjectOf(key: string): DriftSubject {
  const [level, ...rest] = key.split(' ');
  if (level === 'device') return { level, device: rest.join(' ') };
  return level === 'label' ? { level, label: rest.join(' ') } : { level: 'release' };
}

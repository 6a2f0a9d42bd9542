import type { SegmentCounters } from '@bellwether/shared/evidence/counters';

/** What a device's calls did in the quarter of an hour before a moment. `bad`: failed, or answered with no number. */
export interface CallsBefore {
  readonly calls: number;
  readonly bad: number;
  /** Of runners. */
  readonly deaths: number;
}

/** What changed on a device. `os`: another kernel or system version; `reboot`: another boot of the same one. */
export interface DeviceChange {
  readonly kind: 'release' | 'os' | 'reboot' | 'settings';
  /** `digits@1.2.0`, `6.1.0-28-arm64`, `windowSeconds 5`; of a reboot nothing. */
  readonly what: string;
  readonly atMs: number;
  /** The first release of its model on this device: it has taken the place of nothing. */
  readonly isFirst?: true;
  /** Of the releases before it; left out where nobody counted. */
  readonly before?: CallsBefore;
}

/** What is known about one device when a cause is looked for. */
export interface DeviceFacts {
  readonly device: string;
  /** When its trouble began; null: it has none. */
  readonly troubleSinceMs: number | null;
  /** The releases that it serves: `digits@1.2.0`. */
  readonly releases: readonly string[];
  /** Those of its owner, and what it reports of itself: `kernel`. */
  readonly labels: Readonly<Record<string, string>>;
  /** The latest, in any order. */
  readonly changes: readonly DeviceChange[];
}

/**
 * What kind of trouble it is. `failures`: calls that fail, runners that die. `full`: a disk or the memory. `telemetry`: windows
 * lost, clocks off. `drift`: what is put in or comes out is distributed otherwise than in the reference.
 */
export type Symptom = 'failures' | 'slow' | 'silent' | 'hot' | 'full' | 'telemetry' | 'drift';

/** What a cause is looked for in. */
export interface Trouble {
  readonly symptom: Symptom;
  /** The affected and the others: of the same model, at the same time. */
  readonly devices: readonly DeviceFacts[];
  /** Others that have the same trouble with another release of the model. Left out: none. */
  readonly elsewhere?: number;
  /** It is found over all of the affected together: once, not on each of them. */
  readonly isTogether?: boolean;
  /** Counters of both arms since the trouble began, where a canary runs; else empty. */
  readonly segments: readonly SegmentCounters[];
}

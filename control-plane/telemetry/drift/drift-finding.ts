import type { AccuracyEstimate } from '@bellwether/shared/evidence/accuracy-estimate';
import type { DriftDistance } from '@bellwether/shared/evidence/drift-distance';

/** On what a release is watched: one device, the devices of a label (`site=a`), or all of them. */
export type DriftSubject =
  | { readonly level: 'device'; readonly device: string }
  | { readonly level: 'label'; readonly label: string }
  | { readonly level: 'release' };

/** Which release, on what, and since when: the last look (wall milliseconds) at which nothing spoke for it. */
interface FoundOn {
  readonly model: string;
  readonly version: string;
  readonly manifest: string;
  readonly subject: DriftSubject;
  readonly sinceMs: number;
}

/** A watched value has left the distribution that its release was made for. `logE`: natural logarithm of the e-value. */
export interface ShiftFinding extends FoundOn, DriftDistance {
  readonly kind: 'shift';
  /** `feature pixel-7-7`, `classes`, `confidence`. */
  readonly stream: string;
  readonly logE: number;
}

/** The release is likely to answer worse than on its reference: estimated from its confidence, not seen. */
export interface AccuracyFinding extends FoundOn, AccuracyEstimate {
  readonly kind: 'accuracy-estimate';
  /** Share of right answers on the reference, 0…1. */
  readonly referenceAccuracy: number;
}

/** The devices of a label that a release is watched on; `rows`: how many of the last 500 it has seen of the value that is seen most, as they fade. */
export interface WatchedLabel {
  readonly model: string;
  readonly version: string;
  readonly label: string;
  readonly rows: number;
}

/** What alerts are told of drift. */
export type DriftFinding = ShiftFinding | AccuracyFinding;

/** What has drifted, as of the last look: what is not among the findings any more is over, or has been silent for hours. */
export interface DriftFindings {
  /** Releases first, then labels, then devices; the strongest first in each, of devices at most a thousand. */
  findings(): readonly DriftFinding[];
  /** The labels that are watched, as of the last look; not those that have been silent for hours. */
  watchedLabels(): readonly WatchedLabel[];
  /** The releases that are watched, `digits@1.1.0`, as of the last look: of others nobody knows whether they drift. */
  watchedReleases(): ReadonlySet<string>;
  /** Calls back after every look with the findings; the returned function ends it. */
  onLook(listener: (findings: readonly DriftFinding[]) => void): () => void;
}

import type { AccuracyEstimate } from '@bellwether/shared/evidence/accuracy-estimate';
import { driftAlpha } from '@bellwether/shared/evidence/drift';
import type { DriftDistance } from '@bellwether/shared/evidence/drift-distance';
import { rejectedByEvidence } from '@bellwether/shared/evidence/e-bh';
import type { AccuracyFinding, DriftFinding, DriftSubject, ShiftFinding } from './drift-finding.js';

/** What one look says of one watched value. */
export interface StreamLook extends DriftDistance {
  /** Natural logarithm of the e-value. */
  readonly logE: number;
  /** The last look at which nothing spoke for drift, wall milliseconds. */
  readonly quietAtMs: number;
}

/** What is known of one release on one subject. */
export interface SubjectLook {
  readonly subject: DriftSubject;
  readonly release: {
    readonly model: string;
    readonly version: string;
    readonly manifest: string;
    /** Names of what is watched, in the order of `streams`. */
    readonly streams: readonly string[];
    /** Share of right answers on its reference; undefined when its reference does not say. */
    readonly accuracy: number | undefined;
  };
  readonly streams: readonly StreamLook[];
  readonly accuracy: AccuracyEstimate | undefined;
  /** False: it has been silent too long to be told. It counts among all that is watched nevertheless. */
  readonly isCurrent: boolean;
}

/** Most findings of devices that are told: where there are more, the release's own finding says it. */
const maxOfDevices = 1000;
/** Less than this below the reference is not worth an alarm, 0…1. */
const toleratedLoss = 0.05;
/** Standard errors that the estimate must lie below that. */
const errors = 2;

/**
 * What has drifted among all that is watched, the strongest first: e-BH over subjects times streams, for each level by
 * itself. The levels look at the same counts in three ways, and each has an allowance of false alarms of its own.
 */
export function foundDrift(watched: Iterable<SubjectLook>): readonly DriftFinding[] {
  const levels = { release: new Level(), label: new Level(), device: new Level() };
  for (const look of watched) levels[look.subject.level].add(look);
  return [...levels.release.found(), ...levels.label.found(), ...levels.device.found().slice(0, maxOfDevices)];
}

interface Hypothesis {
  readonly look: SubjectLook;
  readonly index: number;
  readonly logE: number;
}

class Level {
  readonly #strong: Hypothesis[] = [];
  #hypotheses = 0;

  add(look: SubjectLook): void {
    // Those that are silent, too: were an alarm held to what happens to talk tonight, it would be promised anew each night.
    this.#hypotheses += look.streams.length;
    if (!look.isCurrent) return;
    for (const [index, { logE }] of look.streams.entries()) {
      // What is weaker than this is rejected by no number of hypotheses: a fleet has a hundred thousand of them.
      if (logE >= -Math.log(driftAlpha)) this.#strong.push({ look, index, logE });
    }
  }

  found(): readonly DriftFinding[] {
    const logEs = this.#strong.map(({ logE }) => logE);
    return rejectedByEvidence(logEs, driftAlpha, this.#hypotheses).flatMap((i) => {
      const hypothesis = this.#strong[i];
      return hypothesis === undefined ? [] : findingsOf(hypothesis);
    });
  }
}

function findingsOf({ look, index }: Hypothesis): readonly DriftFinding[] {
  const { subject, release } = look;
  const stream = look.streams[index];
  const name = release.streams[index];
  if (stream === undefined || name === undefined) return [];
  const { model, version, manifest } = release;
  const { quietAtMs: sinceMs, logE, stabilityIndex, jensenShannon } = stream;
  const about = { model, version, manifest, subject, sinceMs };
  const shift: ShiftFinding = { kind: 'shift', ...about, stream: name, logE, stabilityIndex, jensenShannon };
  const accuracy = name === 'confidence' ? accuracyFinding(look, about) : undefined;
  return accuracy === undefined ? [shift] : [shift, accuracy];
}

/**
 * The estimate is read off the confidence alone: it is told where the test found that the confidence has changed, so that
 * it may be looked at as often as one likes.
 */
function accuracyFinding(
  { accuracy, release }: SubjectLook,
  about: Omit<AccuracyFinding, 'kind' | 'referenceAccuracy' | keyof AccuracyEstimate>,
): AccuracyFinding | undefined {
  if (accuracy === undefined || release.accuracy === undefined) return undefined;
  const isLow = accuracy.accuracy + errors * accuracy.standardError < release.accuracy - toleratedLoss;
  return isLow ? { kind: 'accuracy-estimate', ...about, ...accuracy, referenceAccuracy: release.accuracy } : undefined;
}

import type { Clock, Instant } from '@bellwether/shared/clock';
import type { VerifiedModel } from '../installs/verified-model.js';
import type { Tensor } from './engine.js';
import type { LaneAnswer } from './model-lane.js';
import type { InferenceObserver, ObservedArm, ObservedPair } from './observer.js';
import { evidenceOf, observedArm, type ServedEvidence } from './served.js';
import type { ReleaseFailedError } from './serving-error.js';

/** The arm and segment of a call that was drawn, and its key; whether its answer came later than a canary's may. */
export type Drawn = Pick<ObservedArm, 'arm' | 'segment'> & {
  readonly key?: string | undefined;
  readonly isLate?: boolean;
  /** What it is asked; left out for a shadow. */
  readonly inputs?: readonly Tensor[];
};

/** Tells the observer what became of calls, in the arm and segment of their draw. */
export class ArmObserver {
  readonly #clock: Clock;
  readonly #observer: InferenceObserver;

  constructor(clock: Clock, observer: InferenceObserver) {
    this.#clock = clock;
    this.#observer = observer;
  }

  /** `at`: when it was accepted. */
  answered(answer: LaneAnswer, drawn: Drawn, at: Instant): ServedEvidence {
    const evidence = evidenceOf(answer, observedArm(answer.release, drawn));
    const { rows, invalid, classes } = evidence.reading;
    const totalMicros = Math.round((this.#clock.now().monotonicMs - at.monotonicMs) * 1000);
    const { computeMicros } = answer;
    const isLate = drawn.isLate === true ? { isLate: true } : {};
    this.#observer.answered({
      ...evidence.arm,
      computeMicros,
      totalMicros,
      reading: rows,
      invalid,
      classes,
      ...isLate,
      ...(drawn.inputs === undefined ? {} : { inputs: drawn.inputs }),
      ...(drawn.inputs === undefined || answer.features === undefined ? {} : { features: answer.features }),
    });
    return evidence;
  }

  failed({ release }: ReleaseFailedError, drawn: Drawn, code: string): void {
    this.#observer.failed({ ...observedArm(release, drawn), code });
  }

  paired(pair: ObservedPair): void {
    this.#observer.paired(pair);
  }

  died(release: VerifiedModel, arm: 'stable' | 'canary', segment: number): void {
    this.#observer.runnerDied(observedArm(release, { arm, segment }));
  }

  /** Not drawn: the application named the version. */
  explicit(model: string): void {
    this.#observer.rejected(model, 'explicit-version');
  }
}

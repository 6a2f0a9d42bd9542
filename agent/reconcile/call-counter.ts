import type {
  InferenceObserver,
  ObservedAnswer,
  ObservedArm,
  ObservedFailure,
  ObservedJudgement,
  ObservedPair,
} from '../inference/observer.js';

/** Counts calls for probation on their way to the recorder. */
export class CallCounter implements InferenceObserver {
  readonly #count: (model: string, manifest: string) => void;
  readonly #next: InferenceObserver;

  constructor(count: (model: string, manifest: string) => void, next: InferenceObserver) {
    this.#count = count;
    this.#next = next;
  }

  answered(answer: ObservedAnswer): void {
    this.#count(answer.model, answer.manifest);
    this.#next.answered(answer);
  }

  failed(failure: ObservedFailure): void {
    this.#count(failure.model, failure.manifest);
    this.#next.failed(failure);
  }

  paired(pair: ObservedPair): void {
    this.#next.paired(pair);
  }

  judged(judgement: ObservedJudgement): void {
    this.#next.judged(judgement);
  }

  rejected(model: string, code: string): void {
    this.#next.rejected(model, code);
  }

  runnerDied(arm: ObservedArm): void {
    this.#next.runnerDied(arm);
  }
}

import type {
  InferenceObserver,
  ObservedAnswer,
  ObservedArm,
  ObservedFailure,
  ObservedJudgement,
  ObservedPair,
} from '@bellwether/agent/inference/observer';

/** An observer that remembers everything. */
export class ObservedCalls implements InferenceObserver {
  readonly answers: ObservedAnswer[] = [];
  readonly failures: ObservedFailure[] = [];
  readonly judgements: ObservedJudgement[] = [];
  readonly pairs: ObservedPair[] = [];
  /** `model code`, in order. */
  readonly rejections: string[] = [];
  readonly deaths: ObservedArm[] = [];

  answered(answer: ObservedAnswer): void {
    this.answers.push(answer);
  }

  failed(failure: ObservedFailure): void {
    this.failures.push(failure);
  }

  paired(pair: ObservedPair): void {
    this.pairs.push(pair);
  }

  judged(judgement: ObservedJudgement): void {
    this.judgements.push(judgement);
  }

  rejected(model: string, code: string): void {
    this.rejections.push(`${model} ${code}`);
  }

  runnerDied(arm: ObservedArm): void {
    this.deaths.push(arm);
  }
}

import type { Tensor } from './engine.js';

/** Where serving tells what happened to each request; the recorder counts it into windows. Times are microseconds. */
export interface InferenceObserver {
  answered(answer: ObservedAnswer): void;
  failed(failure: ObservedFailure): void;
  /** Both arms ran a call of a shadow, and each was told of by itself before. */
  paired(pair: ObservedPair): void;
  /** The truth about an answer came: it was right or not. */
  judged(judgement: ObservedJudgement): void;
  /** Turned away before a draw: 4xx, a full queue, draining; no evidence. */
  rejected(model: string, code: string): void;
  runnerDied(arm: ObservedArm): void;
}

/** Which release answered, in which arm and segment. */
export interface ObservedArm {
  readonly model: string;
  readonly version: string;
  readonly manifest: string;
  readonly arm: 'stable' | 'canary' | 'shadow';
  /** In which it was drawn; 0 outside a rollout, and for what is no evidence. */
  readonly segment: number;
  /** The assignment key that it was drawn by. */
  readonly key?: string;
}

export interface ObservedAnswer extends ObservedArm {
  readonly computeMicros: number;
  readonly totalMicros: number;
  /** What the interpreted output says, one entry per row; `invalid` when a number is not finite. */
  readonly reading: readonly { readonly classIndex: number; readonly confidence: number }[];
  readonly invalid: boolean;
  /** How many classes the interpretation has; 0 without classes. */
  readonly classes: number;
  /** It came when a canary's would have been replaced: an error, as evidence. */
  readonly isLate?: boolean;
  /** What it was asked; left out for a shadow, which is asked what stable was asked. */
  readonly inputs?: readonly Tensor[];
  /** What it answered beside the app outputs, as far as it is counted; left out for a shadow. */
  readonly features?: readonly Tensor[];
}

export interface ObservedFailure extends ObservedArm {
  readonly code: string;
}

/** What became of a call in one arm of a pair. */
interface PairedOutcome {
  readonly bad: 'error' | 'invalid' | null;
  readonly computeMicros: number | null;
}

export interface ObservedPair {
  readonly segment: number;
  readonly stable: PairedOutcome;
  readonly canary: PairedOutcome;
}

export interface ObservedJudgement extends ObservedArm {
  readonly correct: boolean;
  /** Whether the shadow's answer to the same call was right, where there was one. */
  readonly shadowCorrect?: boolean;
}

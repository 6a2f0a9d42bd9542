import type { RememberedAnswer } from './answer-memory.js';
import { FeedbackError } from './feedback-error.js';

/** The truth may be told for a day after the answer: later, nothing that it could change is under way. */
export const maxAgeMs = 24 * 3_600_000;

/**
 * Whether the answer was right: `label` is the name of a class, or its index where it is a number. Throws FeedbackError
 * when there is nothing to judge. `nowMs` is monotonic.
 */
export function judgeAnswer(
  answer: RememberedAnswer,
  { id, label, nowMs }: { readonly id: string; readonly label: string | number; readonly nowMs: number },
): boolean {
  if (nowMs - answer.atMs > maxAgeMs) {
    const hours = Math.floor((nowMs - answer.atMs) / 3_600_000);
    throw new FeedbackError('late', `${id} was answered ${hours} h ago, more than ${maxAgeMs / 3_600_000} h`);
  }
  if (answer.isJudged) throw new FeedbackError('already-given', `the label of ${id} was given before`);
  if (answer.classes === 0) {
    throw new FeedbackError('no-classes', `the manifest of ${answer.arm.model}@${answer.arm.version} names no classes`);
  }
  if (answer.rows > 1) throw new FeedbackError('several-rows', `${id} has ${answer.rows} rows: one label fits one row`);
  return classOf(answer, label) === answer.classIndex;
}

function classOf({ labels, classes, arm }: RememberedAnswer, label: string | number): number {
  const index = typeof label === 'number' ? label : labels.indexOf(label);
  if (index >= 0 && index < classes) return index;
  const offered = labels.length === 0 ? `an index below ${classes}` : `one of its ${labels.length} labels`;
  throw new FeedbackError('unknown-label', `${JSON.stringify(label)} is not ${offered} of ${arm.model}@${arm.version}`);
}

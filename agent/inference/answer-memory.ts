import type { ObservedArm } from './observer.js';
import type { ShadowAnswer } from './served.js';

/** An answer whose truth may still come. */
export interface RememberedAnswer {
  /** Which release gave it, in which arm and segment: what the truth counts for. */
  readonly arm: ObservedArm;
  /** The class that it said; -1 when its numbers were not finite. */
  readonly classIndex: number;
  /** Rows that the answer had; the truth of several at once cannot be told by one label. */
  readonly rows: number;
  /** How many classes its release tells apart (0: none), and their names, which may be left out. */
  readonly classes: number;
  readonly labels: readonly string[];
  /** What the canary said to the same call in the shadow, once it has. */
  readonly shadow?: ShadowAnswer | undefined;
  /** Monotonic. */
  readonly atMs: number;
  /** Its truth has been told. */
  readonly isJudged: boolean;
}

/** Answers that are remembered of each model: 8,192 take about 2 MB. */
export const maxAnswersPerModel = 8192;
/** Longer ids are not remembered: applications choose them, and the memory is ours. */
export const maxIdLength = 128;

/** The newest answers that an application gave an id, by model; those without one cost nothing here. */
export class AnswerMemory {
  readonly #models = new Map<string, ModelAnswers>();

  /** Remembers; an id that is used again means the newer answer. */
  add(id: string, answer: RememberedAnswer): void {
    if (id === '' || id.length > maxIdLength) return;
    const { model } = answer.arm;
    const answers = this.#models.get(model) ?? new ModelAnswers();
    this.#models.set(model, answers);
    answers.add(id, answer);
  }

  find(model: string, id: string): RememberedAnswer | undefined {
    return this.#models.get(model)?.find(id);
  }

  /** Its truth is told from now on; the answer keeps its age. */
  judged(id: string, answer: RememberedAnswer): void {
    this.#models.get(answer.arm.model)?.judged(id);
  }
}

/** Of one model: a ring of ids, since the first key of a Map that loses its first key all the time is slow to find (4 µs). */
class ModelAnswers {
  readonly #ring: string[] = [];
  readonly #answers = new Map<string, { readonly answer: RememberedAnswer; readonly slot: number }>();
  #next = 0;

  add(id: string, answer: RememberedAnswer): void {
    const slot = this.#next;
    this.#next = (slot + 1) % maxAnswersPerModel;
    const oldest = this.#ring[slot];
    // An id that was used again lives on in its newer place.
    if (oldest !== undefined && this.#answers.get(oldest)?.slot === slot) this.#answers.delete(oldest);
    this.#ring[slot] = id;
    this.#answers.set(id, { answer, slot });
  }

  find(id: string): RememberedAnswer | undefined {
    return this.#answers.get(id)?.answer;
  }

  judged(id: string): void {
    const found = this.#answers.get(id);
    if (found !== undefined) this.#answers.set(id, { ...found, answer: { ...found.answer, isJudged: true } });
  }
}

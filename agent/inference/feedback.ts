import type { Clock } from '@bellwether/shared/clock';
import { DecodeError, decodeDocument } from '@bellwether/shared/contract/decode';
import { formatReleaseId } from '@bellwether/shared/ids';
import { maxClasses } from '@bellwether/shared/models/manifest';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { Allowance } from './allowance.js';
import { AnswerMemory, maxIdLength, type RememberedAnswer } from './answer-memory.js';
import { FeedbackError } from './feedback-error.js';
import { judgeAnswer } from './feedback-judgement.js';
import type { InferenceObserver } from './observer.js';
import { OpenInferenceError } from './open-inference-error.js';
import type { ServedEvidence } from './served.js';

/** Largest body of a feedback, in bytes. */
export const maxFeedbackBytes = 4096;
/** Tries at once and a second, refused ones too: whoever guesses ids, or floods, costs no more than that. */
const burst = 1000;
const perSecond = 100;

/** `POST /v2/models/{m}/feedback`: the truth about one answer. `label` is a class by its name, or by its index. */
export const FeedbackRequest = Type.Object(
  {
    /** Of the request that was answered here. */
    id: Type.String({ minLength: 1, maxLength: maxIdLength }),
    label: Type.Union([Type.String({ maxLength: 200 }), Type.Integer({ minimum: 0, maximum: maxClasses - 1 })]),
  },
  { additionalProperties: false },
);
export type FeedbackRequest = Static<typeof FeedbackRequest>;

const compiled = Compile(FeedbackRequest);

/** What a feedback counted for. */
export interface FeedbackReply {
  readonly id: string;
  readonly model_name: string;
  readonly correct: boolean;
  readonly parameters: { readonly arm: string; readonly release: string };
}

/** Ground truth that comes after the answer: for ids that were answered here, once each, and so many a second. */
export class Feedback {
  readonly #clock: Clock;
  readonly #observer: Pick<InferenceObserver, 'judged'>;
  readonly #answers = new AnswerMemory();
  readonly #allowance = new Allowance(burst, perSecond);

  constructor(clock: Clock, observer: Pick<InferenceObserver, 'judged'>) {
    this.#clock = clock;
    this.#observer = observer;
  }

  /** An answer that an application gave an id: its truth may come. */
  answered(id: string, { arm, reading, labels, shadow }: ServedEvidence): void {
    const { classes, rows, invalid } = reading;
    this.#answers.add(id, {
      arm,
      classIndex: invalid ? -1 : (rows[0]?.classIndex ?? -1),
      rows: rows.length,
      classes,
      labels,
      shadow,
      atMs: this.#clock.now().monotonicMs,
      isJudged: false,
    });
  }

  /** Counts the truth about one answer; throws FeedbackError or OpenInferenceError, and nothing was counted then. */
  take(model: string, body: Uint8Array): FeedbackReply {
    const nowMs = this.#clock.now().monotonicMs;
    if (!this.#allowance.take(nowMs)) {
      throw new FeedbackError('too-many', `more than ${perSecond} feedbacks a second, after ${burst} at once`);
    }
    const { id, label } = decodeFeedback(body);
    const answer = this.#answers.find(model, id);
    // Only what was answered here: nobody can tell the truth about answers that there were not.
    if (answer === undefined) throw new FeedbackError('unknown-id', `no answer with the id ${id} is remembered here`);
    const correct = judgeAnswer(answer, { id, label, nowMs });
    this.#answers.judged(id, answer);
    this.#observer.judged({ ...answer.arm, correct, ...this.#shadowJudged(answer, label) });
    const { arm } = answer.arm;
    return { id, model_name: model, correct, parameters: { arm, release: formatReleaseId(answer.arm) } };
  }

  /** The same truth about what the shadow said to the same call. */
  #shadowJudged({ shadow, classes, labels }: RememberedAnswer, label: string | number): { shadowCorrect?: boolean } {
    const found = shadow?.found;
    if (found === undefined || found.reading.classes !== classes) return {};
    const said = found.reading.invalid ? -1 : (found.reading.rows[0]?.classIndex ?? -1);
    const correct = said === (typeof label === 'number' ? label : labels.indexOf(label));
    this.#observer.judged({ ...found.arm, correct });
    return { shadowCorrect: correct };
  }
}

function decodeFeedback(body: Uint8Array): FeedbackRequest {
  try {
    return decodeDocument(compiled, body, { what: 'feedback', maxBytes: maxFeedbackBytes });
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    throw new OpenInferenceError(cause.code === 'schema' ? 'schema' : 'malformed', cause.message, { cause });
  }
}

import { CodedError } from '@bellwether/shared/errors';
import { FeedbackError } from './feedback-error.js';
import { OpenInferenceError } from './open-inference-error.js';
import { ServingError } from './serving-error.js';

export type LocalApiErrorCode =
  | 'host'
  | 'origin'
  | 'unauthorized'
  | 'not-found'
  | 'method'
  | 'malformed'
  | 'encoding'
  | 'too-large'
  | 'busy'
  | 'client-gone';

/** A request that the local API does not take, whatever model it is for. */
export class LocalApiError extends CodedError<LocalApiErrorCode> {}

/** The status of each code; what is not here is 400 when the request is at fault and 500 when we are. */
const statuses: Readonly<Partial<Record<LocalApiErrorCode | ServingError['code'] | FeedbackError['code'], number>>> = {
  host: 403,
  origin: 403,
  unauthorized: 401,
  'not-found': 404,
  method: 405,
  encoding: 415,
  'too-large': 413,
  busy: 503,
  'unknown-model': 404,
  'unknown-version': 404,
  'queue-full': 503,
  draining: 503,
  engine: 500,
  'runner-died': 500,
  deadline: 504,
  'unknown-id': 404,
  'already-given': 409,
  late: 410,
  'too-many': 429,
};

/** An error as the protocol has it, `error`, with our stable code beside it. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: { readonly error: string; readonly code: string };
}

/** What a thrown error is to the app; an error that is nobody's says nothing of itself. */
export function errorAnswer(thrown: unknown): ErrorAnswer {
  if (thrown instanceof OpenInferenceError) return answerOf(400, thrown);
  if (thrown instanceof LocalApiError || thrown instanceof ServingError || thrown instanceof FeedbackError) {
    return answerOf(statuses[thrown.code] ?? 400, thrown);
  }
  return { status: 500, body: { error: 'an error inside the agent: its log says more', code: 'internal' } };
}

function answerOf(status: number, { message, code }: { readonly message: string; readonly code: string }): ErrorAnswer {
  return { status, body: { error: message, code } };
}

import type { Clock } from '@bellwether/shared/clock';
import { answerPath } from '@bellwether/shared/contract/inquiry';
import type { AnswerOutcome } from './answer-desk.js';

export interface AnswersHttpOptions {
  /** The control plane's base URL. */
  readonly serverUrl: string;
  /** A session of the audience `answers`, for this answer alone. */
  readonly openSession: (signal: AbortSignal) => Promise<{ readonly token: string }>;
  readonly clock: Clock;
  readonly timeoutMs?: number;
}

/** Sends an answer over HTTP(S). Redirects are not followed: they would carry the token elsewhere. */
export class AnswersHttp {
  readonly #options: AnswersHttpOptions;

  constructor(options: AnswersHttpOptions) {
    this.#options = options;
  }

  /** `unwanted`: the server refused it for good. Rejects when it could not be reached or cannot take it now. */
  async send(id: string, answer: Uint8Array, signal: AbortSignal): Promise<AnswerOutcome> {
    const { serverUrl, openSession, clock, timeoutMs = 30_000 } = this.#options;
    const { token } = await openSession(signal);
    const deadline = new AbortController();
    const cancel = clock.after(timeoutMs, () => deadline.abort(new Error(`no reply within ${timeoutMs} ms`)));
    try {
      const response = await fetch(`${serverUrl.replace(/\/+$/, '')}${answerPath(id)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: Buffer.from(answer),
        redirect: 'error',
        signal: AbortSignal.any([signal, deadline.signal]),
      });
      await response.body?.cancel();
      if (response.ok) return 'taken';
      if (response.status < 500 && response.status !== 401 && response.status !== 429) return 'unwanted';
      throw new Error(`the server answered ${response.status}`);
    } finally {
      cancel();
    }
  }
}

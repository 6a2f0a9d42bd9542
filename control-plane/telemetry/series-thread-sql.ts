import { Worker } from 'node:worker_threads';
import type { Clock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import type { SeriesView } from './series-api.js';
import { SeriesError } from './series-error.js';
import type { SeriesPlan } from './series-plan.js';
import type { SeriesAnswer, SeriesQuestion } from './series-worker-sql.js';

/** After this long without an answer the thread is ended, with every question that it has. */
const deadlineMs = 20_000;
/** Questions that may wait; one more is turned away. */
const maxWaiting = 32;

interface Waiting {
  readonly resolve: (views: SeriesView[]) => void;
  readonly reject: (error: Error) => void;
}

/** Reads series in a thread of their own: a question about a year must not hold up what devices send. The thread starts with the first question. */
export class SeriesThread {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #last = 0;
  #cancel = (): void => {};

  /** `file`: the database. */
  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Rejects with SeriesError. */
  async read(plan: SeriesPlan): Promise<SeriesView[]> {
    if (this.#waiting.size >= maxWaiting)
      throw new SeriesError('series-timeout', `${maxWaiting} questions are waiting for an answer: ask again later`);
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker ??= this.#start();
      this.#worker.postMessage({ id, plan } satisfies SeriesQuestion);
      if (this.#waiting.size === 1) this.#watch();
    });
  }

  /** Ends the thread. May be called twice. */
  async stop(): Promise<void> {
    await this.#end('the server is stopping');
  }

  #start(): Worker {
    const worker = new Worker(new URL('./series-worker-sql.js', import.meta.url), { workerData: this.#file });
    worker.on('message', (answer: SeriesAnswer) => this.#answered(answer));
    worker.on('error', (error) => void this.#end(`series could not be read: ${messageOf(error)}`));
    worker.unref();
    return worker;
  }

  #answered(answer: SeriesAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('views' in answer) waiting?.resolve(answer.views);
    else waiting?.reject(new SeriesError(answer.code, answer.message));
    this.#cancel();
    if (this.#waiting.size > 0) this.#watch();
  }

  /** From the last answer on: one slow question is not the next one's fault. */
  #watch(): void {
    this.#cancel();
    this.#cancel = this.#clock.after(deadlineMs, () => {
      void this.#end(`there was no answer within ${deadlineMs / 1000} s: ask for a shorter time, or by the hour`);
    });
  }

  async #end(why: string): Promise<void> {
    this.#cancel();
    const worker = this.#worker;
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(new SeriesError('series-timeout', why));
    this.#waiting.clear();
    await worker?.terminate();
  }
}

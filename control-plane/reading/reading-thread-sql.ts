import { Worker } from 'node:worker_threads';
import type { Clock } from '@bellwether/shared/clock';
import { messageOf } from '@bellwether/shared/errors';
import { SeriesError } from '../telemetry/series-error.js';
import { ReadingError } from './reading-error.js';
import type { Answer } from './reading-worker-sql.js';
import type { Question, ReadingKind, Readings } from './readings.js';

/** After this long without an answer the thread is ended, and with it the question that it has. */
const deadlineMs = 20_000;
/** Questions that may wait; one more is turned away. */
const maxWaiting = 32;

interface Waiting {
  /** Gives the question to the thread. */
  readonly put: (worker: Worker) => void;
  /** There will be no answer. */
  readonly fail: (why: string) => void;
}

/**
 * A thread that reads the database, one question after the other, each with its own deadline: what takes long must not hold up
 * what devices send. It starts with the first question, and again after it was ended. An answer has everything that was
 * committed before its question.
 */
export class ReadingThread {
  readonly #file: string;
  readonly #clock: Clock;
  /** The first one is with the thread. */
  #waiting: Waiting[] = [];
  #worker: Worker | undefined;
  #cancel = (): void => {};

  /** `file`: the database. */
  constructor(file: string, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  /** Rejects with ReadingError, or with what the question itself is refused for. */
  async ask<Kind extends ReadingKind>(kind: Kind, asked: Readings[Kind]['asked']): Promise<Readings[Kind]['told']> {
    if (this.#waiting.length >= maxWaiting)
      throw new ReadingError(`${kind}-timeout`, `${maxWaiting} questions are waiting for an answer: ask again later`);
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new ReadingError(`${kind}-timeout`, why));
      const take = (answer: Answer<Kind>): void => {
        if ('told' in answer) resolve(answer.told);
        else if ('failed' in answer) fail(`it could not be read: ${answer.failed}`);
        else reject(new SeriesError(answer.code, answer.message));
      };
      this.#waiting.push({
        put: (worker) => {
          worker.once('message', (answer: Answer<Kind>) => {
            // Of a thread that was ended meanwhile: the question failed then.
            if (worker !== this.#worker) return;
            take(answer);
            this.#next();
          });
          worker.postMessage({ kind, asked } satisfies Question<Kind>);
        },
        fail,
      });
      if (this.#waiting.length === 1) this.#put();
    });
  }

  /** Ends the thread, and with it every question. May be called twice. */
  async stop(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { fail } of waiting) fail('the server is stopping');
    await this.#end();
  }

  #put(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#worker ??= this.#start();
    first.put(this.#worker);
    this.#cancel = this.#clock.after(deadlineMs, () => {
      this.#lose(`there was no answer within ${deadlineMs / 1000} s: ask for a shorter time, or for less`);
    });
  }

  /** The first one has its answer. */
  #next(): void {
    this.#cancel();
    this.#waiting.shift();
    this.#put();
  }

  /** Ends the thread and the question that it has; those behind it are asked of another one. */
  #lose(why: string): void {
    const [first] = this.#waiting;
    void this.#end();
    first?.fail(why);
    this.#next();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./reading-worker-sql.js', import.meta.url), { workerData: this.#file });
    worker.on('error', (error) => {
      if (worker === this.#worker) this.#lose(`the thread that reads has ended: ${messageOf(error)}`);
    });
    worker.unref();
    return worker;
  }

  async #end(): Promise<void> {
    this.#cancel();
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

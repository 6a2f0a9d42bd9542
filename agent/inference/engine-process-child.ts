import type { ChildProcess } from 'node:child_process';
import type { Clock } from '@bellwether/shared/clock';
import { CodedError } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { RunnerExit } from './engine.js';
import { readProcessUsage } from './engine-process-usage.js';
import type { Frame } from './runner-frames.js';
import type { RunnerLink } from './runner-link-process.js';
import type { FrameType } from './runner-messages.js';

/** How often a runner's memory is looked at: two reads of /proc, 40 µs. */
const memoryEveryMs = 500;
const megabyte = 1024 ** 2;

/**
 * `limit`: it did not answer in time and was killed. `memory`: it took too much and was killed. `asked`: it was told to
 * stop. `died`: it went by itself. `spawn`: there is no process, the system gave none.
 */
export type ChildErrorCode = 'limit' | 'memory' | 'asked' | 'died' | 'spawn';
export class ChildError extends CodedError<ChildErrorCode> {}

export interface ChildParts {
  readonly clock: Clock;
  readonly log: Log;
  /** From SIGTERM to SIGKILL. */
  readonly stopGraceMs: number;
}

interface Pending {
  readonly id: number;
  resolve(frame: Frame): void;
  reject(error: ChildError): void;
  readonly cancelLimit: () => void;
}

/** A runner's process as its parent sees it: one request at a time, and its end. */
export class RunnerChild {
  readonly pid: number;
  readonly exited: Promise<RunnerExit>;
  readonly #child: ChildProcess;
  readonly #link: RunnerLink;
  readonly #parts: ChildParts;
  #pending: Pending | undefined;
  #lastId = 0;
  #isAsked = false;
  #exit: RunnerExit | undefined;
  /** Why it was killed for its memory. */
  #greed: string | undefined;
  #cancelWatch = (): void => {};

  /** Takes a process that `spawnRunner` made. */
  constructor(child: ChildProcess, link: RunnerLink, parts: ChildParts) {
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.#link = link;
    this.#parts = parts;
    this.exited = new Promise((resolve) => {
      // `close` and not `exit`: an answer that was sent before the end is still read.
      child.once('close', (code, signal) => resolve(this.#ended(code, signal)));
    });
  }

  get isAlive(): boolean {
    return this.#exit === undefined;
  }

  /** Reads the link from now on. */
  start(): void {
    this.#link.start({
      frame: (frame) => this.#answered(frame),
      closed: (fault) => {
        if (fault !== undefined) this.#parts.log.warn({ pid: this.pid, err: fault }, 'a runner sent what is no frame');
        this.kill();
      },
    });
  }

  /** Sends a request and resolves with the frame that answers it; rejects with ChildError. Past `limitMs` the process is killed. */
  request(type: FrameType, header: unknown, tensors: readonly Uint8Array[], limitMs: number): Promise<Frame> {
    if (this.#pending !== undefined) throw new TypeError('a runner executes one call at a time');
    if (this.#exit !== undefined) return Promise.reject(this.#endError(this.#exit));
    this.#lastId = (this.#lastId + 1) % 2 ** 32;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const cancelLimit = this.#parts.clock.after(limitMs, () => {
        this.#settle()?.reject(new ChildError('limit', `no answer within ${Math.round(limitMs)} ms`));
        this.kill();
      });
      this.#pending = { id, resolve, reject, cancelLimit };
      this.#link.send(type, id, header, tensors);
    });
  }

  /** Kills it as soon as it is seen with more memory (RSS): the kernel would choose between it and everybody else. */
  limitMemory(maxBytes: number): void {
    this.#cancelWatch();
    if (this.#exit !== undefined) return;
    this.#cancelWatch = this.#parts.clock.after(memoryEveryMs, () => {
      const bytes = readProcessUsage(this.pid)?.rssBytes ?? 0;
      if (bytes <= maxBytes) {
        this.limitMemory(maxBytes);
        return;
      }
      const used = Math.ceil(bytes / megabyte);
      this.#greed = `the runner took ${used} MB of memory, its limit is ${Math.floor(maxBytes / megabyte)} MB`;
      this.#parts.log.warn({ pid: this.pid, bytes, maxBytes }, 'a runner took too much memory and is killed');
      this.kill();
    });
  }

  /** SIGKILL: what it was doing is lost. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** SIGTERM, after the grace SIGKILL; resolves when it is gone. */
  async stop(): Promise<void> {
    if (!this.#isAsked && this.#exit === undefined) {
      this.#isAsked = true;
      this.#child.kill('SIGTERM');
      const cancel = this.#parts.clock.after(this.#parts.stopGraceMs, () => this.kill());
      void this.exited.then(cancel);
    }
    await this.exited;
  }

  #answered(frame: Frame): void {
    if (frame.id === this.#pending?.id) this.#settle()?.resolve(frame);
  }

  #ended(code: number | null, signal: string | null): RunnerExit {
    this.#cancelWatch();
    const why = this.#greed === undefined ? {} : { why: this.#greed };
    this.#exit = { asked: this.#isAsked, code, signal, ...why };
    this.#settle()?.reject(this.#endError(this.#exit));
    return this.#exit;
  }

  #endError({ asked, code, signal, why }: RunnerExit): ChildError {
    if (why !== undefined) return new ChildError('memory', why);
    return asked
      ? new ChildError('asked', 'the runner was told to stop')
      : new ChildError('died', `the runner ended by ${signal ?? `exit code ${code}`}`);
  }

  #settle(): Pending | undefined {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.cancelLimit();
    return pending;
  }
}

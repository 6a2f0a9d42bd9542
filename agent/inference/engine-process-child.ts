import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@bellwether/shared/clock';
import { CodedError } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { RunnerExit } from './engine.js';
import type { Frame } from './runner-frames.js';
import { RunnerLink } from './runner-link-process.js';
import type { FrameType } from './runner-messages.js';

/** How much of a runner's stderr is logged in its whole life. */
const maxStderrBytes = 16 * 1024;

/** A runner's memory is its model: the collector runs once after loading, and its young generation stays small. */
const nodeOptions = ['--expose-gc', '--max-semi-space-size=1'];

/** `limit`: it did not answer in time and was killed. `asked`: it was told to stop. `died`: it went by itself. */
export type ChildErrorCode = 'limit' | 'asked' | 'died';
export class ChildError extends CodedError<ChildErrorCode> {}

export interface ChildParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The node that runs it, and the script. */
  readonly nodePath: string;
  readonly script: URL;
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
    this.#exit = { asked: this.#isAsked, code, signal };
    this.#settle()?.reject(this.#endError(this.#exit));
    return this.#exit;
  }

  #endError({ asked, code, signal }: RunnerExit): ChildError {
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

/**
 * Starts a runner's process: an empty environment, and of descriptors only stderr, which is logged, and one end of a
 * socket pair as number 3.
 */
export function spawnRunner(parts: ChildParts): RunnerChild {
  const child = spawn(parts.nodePath, [...nodeOptions, fileURLToPath(parts.script)], {
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const socket = child.stdio[3];
  if (!(socket instanceof Socket)) throw new TypeError('a piped descriptor is not a socket');
  // A process that cannot be started ends like any other: `close` follows.
  child.once('error', (err) => parts.log.error({ err }, 'a runner could not be started'));
  logStderr(child, parts.log);
  const runner = new RunnerChild(child, new RunnerLink(socket), parts);
  runner.start();
  return runner;
}

function logStderr(child: ChildProcess, log: Log): void {
  let left = maxStderrBytes;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (left <= 0) return;
    log.warn({ pid: child.pid, stderr: text.slice(0, left).trimEnd() }, 'a runner wrote to stderr');
    left -= text.length;
  });
}

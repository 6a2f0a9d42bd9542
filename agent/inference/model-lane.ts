import type { Clock } from '@bellwether/shared/clock';
import { releaseOf } from '@bellwether/shared/models/manifest';
import type { VerifiedModel } from '../installs/verified-model.js';
import { type Runner, type RunnerAnswer, type RunnerCall, RunnerError } from './engine.js';
import { ReleaseFailedError, ServingError } from './serving-error.js';

/** Limits of one model's lane. */
export interface LaneLimits {
  /** Calls that wait for a runner; one more is turned away. */
  readonly queueLength: number;
  /** From acceptance to answer, and the longest that one call may execute before its runner is killed. */
  readonly deadlineMs: number;
  /** How long accepted calls may take to finish when their runner is replaced or withdrawn. */
  readonly drainMs: number;
}

/** A call, and the version that must answer it, when the app named one. */
export interface LaneCall extends RunnerCall {
  readonly version?: string;
}

/** How a call is taken. */
export interface SubmitOptions {
  /** Until its answer; the lane's own limit when left out. */
  readonly deadlineMs?: number;
  /** It has passed the queue limit before: another arm of the model gave it up. */
  readonly isAccepted?: boolean;
}

/** An answer, and which release gave it. */
export interface LaneAnswer extends RunnerAnswer {
  readonly release: VerifiedModel;
}

interface Accepted {
  readonly call: LaneCall;
  readonly resolve: (answer: LaneAnswer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The calls of one model: a queue, and the runner that takes from it, one call at a time. A swap changes the runner
 * between two calls; when the runner dies, the queue waits for the next one.
 */
export class ModelLane {
  readonly #clock: Clock;
  readonly #limits: LaneLimits;
  readonly #waiting: Accepted[] = [];
  /** What each runner is executing; resolves when that call is over. */
  readonly #executing = new Map<Runner, Promise<void>>();
  #release: VerifiedModel;
  #runner: Runner | undefined;
  /** Resolves when every runner that was replaced is gone. */
  #retired: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #whenIdle = (): void => {};
  /** The runner whose call now, or whose last one that failed, was asked for by version. */
  #asked: Runner | undefined;

  /** Begins with a runner that takes calls at once. */
  constructor(runner: Runner, clock: Clock, limits: LaneLimits) {
    this.#runner = runner;
    this.#release = runner.model;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The runner that takes calls; undefined while there is none. */
  get runner(): Runner | undefined {
    return this.#runner;
  }

  /** The release that serves, or served last. */
  get release(): VerifiedModel {
    return this.#release;
  }

  /** Calls that wait for the runner. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** True when what a runner died of was a call that named its version: nobody drew that. */
  diedOfAskedCall(runner: Runner): boolean {
    return this.#asked === runner;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Accepts a call; rejects with ServingError. */
  async submit(call: LaneCall, options: SubmitOptions = {}): Promise<LaneAnswer> {
    const { deadlineMs = this.#limits.deadlineMs, isAccepted = false } = options;
    if (this.isClosed) throw this.#draining();
    if (!isAccepted && this.#waiting.length >= this.#limits.queueLength) {
      const text = `${this.#waiting.length} calls of ${this.#release.manifest.model} are waiting already`;
      throw new ServingError('queue-full', text);
    }
    let cancelDeadline = (): void => {};
    try {
      return await new Promise<LaneAnswer>((resolve, reject) => {
        const accepted: Accepted = { call, resolve, reject };
        cancelDeadline = this.#clock.after(deadlineMs, () => this.#expire(accepted, deadlineMs));
        this.#waiting.push(accepted);
        this.#pump();
      });
    } finally {
      cancelDeadline();
    }
  }

  /** Gives the next call to `next`; resolves when the runner before it has finished its last call and is gone. */
  async swap(next: Runner): Promise<void> {
    const previous = this.#runner;
    this.#runner = next;
    this.#release = next.model;
    this.#pump();
    if (previous === undefined) return;
    const retired = this.#retire(previous);
    this.#retired = Promise.all([this.#retired, retired]);
    await retired;
  }

  /** Takes the runner out; calls wait for the next one. */
  lose(runner: Runner): void {
    if (this.#runner !== runner) return;
    this.#runner = undefined;
    if (this.isClosed) this.#turnAway();
  }

  /** Takes no more calls, finishes those that it has and stops every runner; past the drain time the rest are turned away. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** As `close`, and calls that wait are turned away at once: somebody else answers them. */
  abandon(): Promise<void> {
    if (!this.isClosed) this.#turnAway();
    return this.close();
  }

  /** Turns away the calls that wait, and gives its runner away, alive, when the call that it executes is over; undefined when there is none. */
  async handOver(): Promise<Runner | undefined> {
    const runner = this.#runner;
    this.#closing ??= Promise.resolve();
    this.#turnAway();
    if (runner !== undefined) await this.#executing.get(runner);
    this.#runner = undefined;
    return runner;
  }

  async #close(): Promise<void> {
    if (this.#runner !== undefined && (this.#waiting.length > 0 || this.#executing.has(this.#runner))) {
      const idle = new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
      await this.#withinDrainTime(idle);
    }
    this.#turnAway();
    await this.#runner?.stop();
    this.#runner = undefined;
    await this.#retired;
  }

  #pump(): void {
    const runner = this.#runner;
    if (runner === undefined || this.#executing.has(runner)) return;
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#whenIdle();
      return;
    }
    const finished = this.#execute(runner, next).then(() => {
      this.#executing.delete(runner);
      this.#pump();
    });
    this.#executing.set(runner, finished);
  }

  async #execute(runner: Runner, { call, resolve, reject }: Accepted): Promise<void> {
    const release = runner.model;
    this.#asked = call.version === undefined ? undefined : runner;
    try {
      if (call.version !== undefined && call.version !== release.manifest.version) {
        const text = `${releaseOf(release.manifest)} serves, not version ${call.version}`;
        throw new ServingError('unknown-version', text);
      }
      // The whole limit, however long the call has waited: a queue that is long must not kill a runner that is well.
      const answer = await runner.infer(call, this.#limits.deadlineMs);
      this.#asked = undefined;
      resolve({ ...answer, release });
    } catch (cause) {
      reject(this.#failure(cause, runner));
    }
  }

  #failure(cause: unknown, runner: Runner): Error {
    if (!(cause instanceof RunnerError)) return cause instanceof Error ? cause : new TypeError('no error', { cause });
    if (cause.code === 'stopped') return this.#draining(cause);
    // A runner that died or is being killed gets no other call, even if its end has not been reported yet.
    if (cause.code !== 'engine') this.lose(runner);
    return new ReleaseFailedError(cause.code, cause.message, runner.model, { cause });
  }

  #expire(accepted: Accepted, deadlineMs: number): void {
    const place = this.#waiting.indexOf(accepted);
    if (place !== -1) this.#waiting.splice(place, 1);
    const text = `${releaseOf(this.#release.manifest)} had no answer within ${Math.round(deadlineMs)} ms`;
    accepted.reject(new ReleaseFailedError('deadline', text, this.#release));
  }

  #turnAway(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(this.#draining());
    this.#whenIdle();
  }

  async #retire(runner: Runner): Promise<void> {
    await this.#withinDrainTime(this.#executing.get(runner) ?? Promise.resolve());
    await runner.stop();
  }

  async #withinDrainTime(done: Promise<void>): Promise<void> {
    const abort = new AbortController();
    await Promise.race([done, this.#clock.sleep(this.#limits.drainMs, abort.signal)]);
    abort.abort();
  }

  #draining(cause?: RunnerError): ServingError {
    return new ServingError('draining', `${releaseOf(this.#release.manifest)} takes no more calls`, { cause });
  }
}

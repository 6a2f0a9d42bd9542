import type { Clock } from '@bellwether/shared/clock';
import type { ArmObserver } from './arm-observer.js';
import type { CanaryTrial } from './canary-trial.js';
import type { LaneCall, ModelLane } from './model-lane.js';
import type { ObservedPair } from './observer.js';
import type { ShadowAnswer } from './served.js';
import { ReleaseFailedError } from './serving-error.js';

/** Shadow calls that may wait, and the bytes of their inputs: beyond that they are dropped, and are no evidence. */
const limits = { calls: 16, bytes: 8 * 1024 * 1024 } as const;

/** A call that stable has answered, or not. */
export interface ShadowCase {
  readonly call: LaneCall;
  readonly lane: ModelLane;
  readonly segment: number;
  readonly stable: ObservedPair['stable'];
}

/** Calls that the canary runs after stable has answered them: nobody waits for them, and they must hold up nobody. */
export class ShadowCalls {
  readonly #clock: Clock;
  readonly #observed: ArmObserver;
  /** The governor has them left out. */
  isShed = false;
  #calls = 0;
  #bytes = 0;

  constructor(clock: Clock, observed: ArmObserver) {
    this.#clock = clock;
    this.#observed = observed;
  }

  /** Runs it once stable's answer has gone out, unless too many are under way; the shadow's answer is put where the result says. */
  begin(trial: CanaryTrial, shadow: ShadowCase): ShadowAnswer {
    const answer: ShadowAnswer = { found: undefined };
    const bytes = shadow.call.inputs.reduce((sum, { data }) => sum + data.byteLength, 0);
    if (this.isShed || this.#calls >= limits.calls || this.#bytes + bytes > limits.bytes) return answer;
    this.#calls++;
    this.#bytes += bytes;
    this.#clock.after(0, () => {
      void this.#run(trial, shadow, answer).finally(() => {
        this.#calls--;
        this.#bytes -= bytes;
      });
    });
    return answer;
  }

  async #run(trial: CanaryTrial, { call, lane, segment, stable }: ShadowCase, into: ShadowAnswer): Promise<void> {
    const at = this.#clock.now();
    const drawn = { arm: 'shadow', segment } as const;
    try {
      const answer = await lane.submit(call);
      const { arm, reading } = this.#observed.answered(answer, drawn, at);
      into.found = { arm, reading };
      const bad = reading.invalid ? 'invalid' : null;
      this.#observed.paired({ segment, stable, canary: { bad, computeMicros: answer.computeMicros } });
      trial.called(reading.invalid);
    } catch (error) {
      // The canary goes, or its own queue is full: dropped, and no evidence.
      if (!(error instanceof ReleaseFailedError)) return;
      this.#observed.failed(error, drawn, error.code);
      this.#observed.paired({ segment, stable, canary: { bad: 'error', computeMicros: null } });
      trial.called(true);
    }
  }
}

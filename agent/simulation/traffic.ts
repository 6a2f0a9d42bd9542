import type { Clock } from '@bellwether/shared/clock';
import type { Served } from '../inference/served.js';
import type { Serving } from '../inference/serving.js';
import { ReleaseFailedError } from '../inference/serving-error.js';
import type { CallCounts } from './fleet-tally.js';

export interface TrafficParts {
  /** The agent's own: draws, lanes and evidence are the real ones. */
  readonly serving: Pick<Serving, 'infer'>;
  /** The models that are ordered now. */
  readonly models: () => readonly string[];
  readonly requestsPerSecond: number;
  readonly counts: CallCounts;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Calls of a simulated application, at random moments (a Poisson process), whether or not earlier ones were answered. */
export class Traffic {
  readonly #parts: TrafficParts;
  #cancel: () => void = () => {};
  #turn = 0;
  #isStopped = false;

  constructor(parts: TrafficParts) {
    this.#parts = parts;
  }

  start(): void {
    const { requestsPerSecond, clock, random } = this.#parts;
    if (requestsPerSecond === 0 || this.#isStopped) return;
    const delayMs = (-Math.log(1 - random()) / requestsPerSecond) * 1000;
    this.#cancel = clock.after(delayMs, () => {
      void this.#call();
      this.start();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** The models take turns. A scripted runner looks at no input. */
  async #call(): Promise<void> {
    const { serving, models, counts } = this.#parts;
    const names = models();
    const model = names[this.#turn++ % Math.max(1, names.length)];
    if (model === undefined) return;
    try {
      count(counts, await serving.infer(model, { inputs: [] }));
    } catch (error) {
      if (error instanceof ReleaseFailedError) counts.failed++;
      else counts.rejected++;
    }
  }
}

function count(counts: CallCounts, { arm, fallback }: Served): void {
  counts.answered++;
  if (arm === 'canary') counts.byCanary++;
  if (fallback !== undefined) counts.fallbacks++;
}

import { type ArmWindow, confidenceBins } from '@bellwether/shared/contract/window';
import { emptyHistogram, record } from '@bellwether/shared/evidence/histogram';
import { encodeHistogram } from '@bellwether/shared/evidence/histogram-wire';
import type { ObservedAnswer, ObservedArm } from '../inference/observer.js';

/** The counters of one arm of one model in one window. */
export class ArmCounters {
  readonly #arm: ObservedArm;
  readonly #errors = new Map<string, number>();
  readonly #compute = emptyHistogram();
  readonly #total = emptyHistogram();
  #requests = 0;
  #invalid = 0;
  #correct = 0;
  #wrong = 0;
  #runnerDeaths = 0;
  #busyMicros = 0;
  #classes: number[] = [];
  #confidence: number[] = [];

  constructor(arm: ObservedArm) {
    this.#arm = arm;
  }

  answered({ computeMicros, totalMicros, reading, invalid, classes }: ObservedAnswer): void {
    this.#requests++;
    this.#busyMicros += computeMicros;
    record(this.#compute, computeMicros);
    record(this.#total, totalMicros);
    if (invalid) this.#invalid++;
    if (classes === 0) return;
    if (this.#classes.length === 0) {
      this.#classes = Array.from({ length: classes }, () => 0);
      this.#confidence = Array.from({ length: confidenceBins }, () => 0);
    }
    for (const { classIndex, confidence } of reading) {
      increment(this.#classes, classIndex);
      increment(this.#confidence, Math.min(confidenceBins - 1, Math.floor(confidence * confidenceBins)));
    }
  }

  failed(code: string): void {
    this.#requests++;
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  judged(correct: boolean): void {
    if (correct) this.#correct++;
    else this.#wrong++;
  }

  runnerDied(): void {
    this.#runnerDeaths++;
  }

  toWindow(): ArmWindow {
    const { model, arm, version, manifest, segment } = this.#arm;
    return {
      model,
      arm,
      version,
      manifest,
      segment,
      requests: this.#requests,
      errors: Object.fromEntries(this.#errors),
      invalid: this.#invalid,
      compute: encodeHistogram(this.#compute),
      total: encodeHistogram(this.#total),
      classes: this.#classes,
      confidence: this.#confidence,
      ...this.#feedback(),
      runnerDeaths: this.#runnerDeaths,
      busyMs: Math.round(this.#busyMicros / 1000),
    };
  }

  /** Most applications never learn the truth: then the window does not speak of it. */
  #feedback(): Pick<ArmWindow, 'feedback'> {
    const [correct, wrong] = [this.#correct, this.#wrong];
    return correct + wrong === 0 ? {} : { feedback: { correct, wrong } };
  }
}

/** A row that was not finite has no class and no confidence: it counts as invalid, not here. */
function increment(counts: number[], index: number): void {
  const count = counts[index];
  if (count !== undefined) counts[index] = count + 1;
}

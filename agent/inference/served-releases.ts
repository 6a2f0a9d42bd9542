import type { Clock } from '@bellwether/shared/clock';
import { maxServedReleases, type ServedRelease } from '@bellwether/shared/contract/receipt';
import type { ModelReport } from '@bellwether/shared/contract/report';
import type {
  InferenceObserver,
  ObservedAnswer,
  ObservedArm,
  ObservedFailure,
  ObservedJudgement,
  ObservedPair,
} from './observer.js';

type Counting = { -readonly [field in keyof ServedRelease]: ServedRelease[field] };

/** Counts what each release answered and failed since the agent started, for receipts [T-12], on its way to the next observer. */
export class ServedReleases implements InferenceObserver {
  readonly #clock: Clock;
  readonly #next: InferenceObserver;
  /** By manifest digest, which names model and version too. */
  readonly #counting = new Map<string, Counting>();

  constructor(clock: Clock, next: InferenceObserver) {
    this.#clock = clock;
    this.#next = next;
  }

  answered(answer: ObservedAnswer): void {
    // What a shadow says reaches nobody.
    if (answer.arm !== 'shadow') this.#of(answer).answered++;
    this.#next.answered(answer);
  }

  failed(failure: ObservedFailure): void {
    if (failure.arm !== 'shadow') this.#of(failure).failed++;
    this.#next.failed(failure);
  }

  paired(pair: ObservedPair): void {
    this.#next.paired(pair);
  }

  judged(judgement: ObservedJudgement): void {
    this.#next.judged(judgement);
  }

  rejected(model: string, code: string): void {
    this.#next.rejected(model, code);
  }

  runnerDied(arm: ObservedArm): void {
    this.#next.runnerDied(arm);
  }

  /** Every release that serves now, as the report has it, and those that have served, the newest first; at most `maxServedReleases`. */
  list(models: readonly ModelReport[]): ServedRelease[] {
    for (const release of this.#counting.values()) release.serves = false;
    for (const { model, serving, canary } of models) {
      if (canary?.state === 'ready') this.#of({ ...canary, model }).serves = true;
      if (serving === null) continue;
      const release = this.#of({ model, version: serving.version, manifest: serving.manifest });
      release.serves = true;
      release.sinceMs = serving.sinceMs;
    }
    const newestFirst = [...this.#counting.values()].toReversed();
    const ended = newestFirst.filter(({ serves }) => !serves);
    const kept = [...newestFirst.filter(({ serves }) => serves), ...ended].slice(0, maxServedReleases);
    for (const release of ended) if (!kept.includes(release)) this.#counting.delete(release.manifest);
    return kept.map((release) => ({ ...release }));
  }

  #of(release: Pick<ServedRelease, 'model' | 'version' | 'manifest'>): Counting {
    const known = this.#counting.get(release.manifest);
    if (known !== undefined) return known;
    const { model, version, manifest } = release;
    const sinceMs = Math.round(this.#clock.now().wallMs);
    const begun: Counting = { model, version, manifest, sinceMs, serves: true, answered: 0, failed: 0 };
    this.#counting.set(manifest, begun);
    return begun;
  }
}

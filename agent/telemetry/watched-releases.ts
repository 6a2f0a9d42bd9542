import type { FeatureWindow } from '@bellwether/shared/contract/feature-window';
import type { InputTensor, OutputTensor } from '@bellwether/shared/models/manifest';
import type { ReferenceDistributions } from '@bellwether/shared/models/reference';
import type { ObservedAnswer } from '../inference/observer.js';
import { FeatureCounts } from './feature-counts.js';

/** What a release's counts are made by: its reference, and the tensors that it is read from. */
export interface Watching {
  readonly reference: ReferenceDistributions;
  readonly tensors: readonly (InputTensor | OutputTensor)[];
}

/** Which release of which model. */
export type WatchedRelease = Pick<ObservedAnswer, 'model' | 'version' | 'manifest'>;

/** What is watched: inputs of the application, and outputs with the role `features`. */
type WatchedKind = 'inputs' | 'features';

/** Of the window's schema. */
const maxWindows = 128;

interface Counting {
  readonly about: WatchedRelease & { readonly arm: 'stable' | 'canary' };
  readonly counts: FeatureCounts;
  readonly sinceMs: number;
}

/**
 * Feature counts of every release that answers, by arm [A-10, W-3]. The first answer of a release asks for its reference;
 * those until it is there are not counted. What a shadow is asked stable was asked too: it is counted once.
 */
export class WatchedReleases {
  /** By manifest; `asked` until it came, null: it watches nothing. */
  readonly #watching = new Map<string, Watching | 'asked' | null>();
  #counting = new Map<string, Counting>();
  /** Asked once for each release; the answer comes by `watch`. */
  #want: (release: WatchedRelease) => void = () => {};
  #isShed: Readonly<Record<WatchedKind, boolean>> = { inputs: false, features: false };

  /** Whom to ask for references. */
  askFor(want: (release: WatchedRelease) => void): void {
    this.#want = want;
  }

  /** What a release watches; null: nothing. */
  watch(manifest: string, watching: Watching | null): void {
    this.#watching.set(manifest, watching);
  }

  /** Its reference could not be asked for now: the next answer asks again. */
  forget(manifest: string): void {
    this.#watching.delete(manifest);
  }

  /** The governor has one kind left out, or counted again. What was counted stays. */
  shed(kind: WatchedKind, isShed: boolean): void {
    this.#isShed = { ...this.#isShed, [kind]: isShed };
  }

  answered(answer: ObservedAnswer, nowMs: number): void {
    const { arm, inputs, features = [], manifest } = answer;
    if (arm === 'shadow' || inputs === undefined || inputs.length === 0) return;
    const tensors = [...(this.#isShed.inputs ? [] : inputs), ...(this.#isShed.features ? [] : features)];
    if (tensors.length === 0) return;
    const watching = this.#watching.get(manifest);
    if (watching === undefined) {
      this.#watching.set(manifest, 'asked');
      this.#want(answer);
    } else if (watching !== null && watching !== 'asked') {
      this.#of(answer, arm, watching, nowMs)?.counts.count(tensors);
    }
  }

  /** The counts since the last time; a release that was not asked since then is forgotten. */
  take(): FeatureWindow[] {
    const windows = [...this.#counting.values()].flatMap(({ about, counts, sinceMs }) => {
      const counted = counts.take();
      return counted === undefined ? [] : { ...about, sinceMs, ...counted };
    });
    const used = new Set([...this.#counting.values()].map(({ about }) => about.manifest));
    for (const [manifest, watching] of this.#watching) {
      if (watching !== null && watching !== 'asked' && !used.has(manifest)) this.#watching.delete(manifest);
    }
    this.#counting = new Map();
    return windows;
  }

  #of(
    { model, version, manifest }: WatchedRelease,
    arm: 'stable' | 'canary',
    { reference, tensors }: Watching,
    nowMs: number,
  ): Counting | undefined {
    const key = `${arm} ${manifest}`;
    const known = this.#counting.get(key);
    if (known !== undefined) return known;
    if (this.#counting.size >= maxWindows) return undefined;
    const counts = new FeatureCounts(reference, tensors);
    const counting = { about: { model, arm, version, manifest }, counts, sinceMs: nowMs };
    this.#counting.set(key, counting);
    return counting;
  }
}

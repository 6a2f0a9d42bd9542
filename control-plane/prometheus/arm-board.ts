import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Window } from '@bellwether/shared/contract/window';
import { emptyHistogram, type Histogram, record } from '@bellwether/shared/evidence/histogram';
import type { LabelledArm } from '@bellwether/shared/prometheus/arm-families';
import { addToTotals, emptyArmTotals } from '@bellwether/shared/prometheus/arm-totals';
import type { MetricLabels } from '@bellwether/shared/prometheus/exposition';
import type { CountedArm } from '../telemetry/device-message.js';

/** Arms that are exposed at a time: of more, those that were heard of last. Each is some 130 lines of text. */
export const maxArms = 200;

export interface ArmBoardOptions {
  /** Releases of the catalogue: a device may name any. */
  readonly isKnown: (model: string, version: string) => boolean;
  /** The label of devices that arms are told apart by beside release and arm; undefined: by none. */
  readonly labelKey: string | undefined;
  /** Of a device that nobody knows any more: none. */
  readonly labelsOf: (device: string) => Labels;
}

/**
 * Totals for Prometheus: in memory, since it bears a counter that begins anew; never by device; and from the first question
 * on, so that a server whom nobody asks spends nothing on it.
 */
export class ArmBoard {
  readonly #options: ArmBoardOptions;
  /** Those heard of last at the end. */
  readonly #arms = new Map<string, LabelledArm>();
  readonly #delays = emptyHistogram();
  #isAsked = false;

  constructor(options: ArmBoardOptions) {
    this.#options = options;
  }

  /** A window that is new and stored. */
  add(
    { device, wallEndMs }: Pick<Window, 'device' | 'wallEndMs'>,
    arms: readonly CountedArm[],
    arrivedAtMs: number,
  ): void {
    if (!this.#isAsked) return;
    record(this.#delays, arrivedAtMs - wallEndMs);
    const more = this.#chosenLabel(device);
    for (const { arm: counted, times } of arms) {
      const { model, version, arm } = counted;
      if (!this.#options.isKnown(model, version)) continue;
      const labels = { model, version, arm, ...more };
      const key = JSON.stringify(labels);
      const exposed = this.#arms.get(key) ?? { labels, totals: emptyArmTotals() };
      addToTotals(exposed.totals, counted, times);
      this.#arms.delete(key);
      this.#arms.set(key, exposed);
    }
    for (const oldest of this.#arms.keys()) {
      if (this.#arms.size <= maxArms) break;
      this.#arms.delete(oldest);
    }
  }

  /** `delays`: milliseconds from a window's end, by the device's clock, to its arrival; a clock that is ahead counts as none. */
  read(): { readonly arms: readonly LabelledArm[]; readonly delays: Histogram } {
    this.#isAsked = true;
    return { arms: [...this.#arms.values()], delays: this.#delays };
  }

  /** `label_<key>`: the keys of labels have dots and dashes, the names of Prometheus' labels do not. */
  #chosenLabel(device: string): MetricLabels {
    const { labelKey, labelsOf } = this.#options;
    if (labelKey === undefined) return {};
    return { [`label_${labelKey.replaceAll(/[^A-Za-z0-9_]/g, '_')}`]: labelsOf(device)[labelKey] ?? '' };
  }
}

import type { StoredSum } from './evidence-store-sql.js';
import { addSums, type CountedWindow, type EvidenceSum, keptSum, sumKey } from './evidence-sum.js';
import { isStaged, type Rollout } from './rollout.js';

/** The sums of one device, by sumKey(). */
export type DeviceSums = ReadonlyMap<string, EvidenceSum>;

/** The counters of the rollouts that are on their way, in memory. The database has the same and is written first. */
export class EvidenceLedger {
  readonly #sums = new Map<number, Map<string, Map<string, EvidenceSum>>>();

  /** Takes up what is stored. */
  load(stored: readonly StoredSum[]): void {
    for (const { rollout, device, sum } of stored) this.#add(rollout, device, sum);
  }

  /** Adds one window's part, which is stored; nothing of a device that is no member. */
  take(
    rollout: Rollout,
    device: string,
    { counted, arrivedAtMs }: { readonly counted: CountedWindow; readonly arrivedAtMs: number },
  ): void {
    const member = rollout.members.get(device);
    if (!isStaged(rollout) || member === undefined) return;
    const { createdAtMs, manifest, course } = rollout;
    const sum = keptSum(counted, { createdAtMs, manifest, steps: course.policy.steps, base: member.base }, arrivedAtMs);
    if (sum !== undefined) this.#add(rollout.number, device, sum);
  }

  /** By device. */
  of(rollout: number): ReadonlyMap<string, DeviceSums> {
    return this.#sums.get(rollout) ?? new Map<string, DeviceSums>();
  }

  forget(rollout: number): void {
    this.#sums.delete(rollout);
  }

  #add(rollout: number, device: string, sum: EvidenceSum): void {
    const devices = this.#sums.get(rollout) ?? new Map<string, Map<string, EvidenceSum>>();
    const sums = devices.get(device) ?? new Map<string, EvidenceSum>();
    const key = sumKey(sum);
    const known = sums.get(key);
    sums.set(key, known === undefined ? sum : addSums(known, sum));
    this.#sums.set(rollout, devices.set(device, sums));
  }
}

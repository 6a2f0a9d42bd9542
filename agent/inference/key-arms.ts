import type { Manifest } from '@bellwether/shared/models/manifest';
import { hasState } from '@bellwether/shared/models/state-tensors';

/** As many keys as a runner keeps state for. */
const maxKeys = 1024;

/** Where a key's state lies, and under which draw it came there. */
export interface KeyArm {
  readonly arm: 'stable' | 'canary';
  /** Salt and share of the draw; empty when there was none. */
  readonly draw: string;
}

/** Which runner holds the state of each key of a stateful model; the key that was used longest ago is forgotten first, as its state is. */
export class KeyArms {
  readonly #arms = new Map<string, KeyArm>();

  find(key: string): KeyArm | undefined {
    return this.#arms.get(key);
  }

  used(key: string, arm: KeyArm): void {
    this.#arms.delete(key);
    this.#arms.set(key, arm);
    const [oldest] = this.#arms.keys();
    if (this.#arms.size > maxKeys && oldest !== undefined) this.#arms.delete(oldest);
  }

  /** A call while no canary is ready: what state its key has lies with stable. */
  stays({ inputs }: Pick<Manifest, 'inputs'>, key: string | undefined): void {
    if (key !== undefined && hasState(inputs)) this.used(key, { arm: 'stable', draw: '' });
  }

  /** An arm's runner is gone, and with it the state of its keys. */
  lost(arm: KeyArm['arm']): void {
    for (const [key, found] of this.#arms) if (found.arm === arm) this.#arms.delete(key);
  }

  /** The canary's runner is stable's now, with the state that it has; what lay in the one before is gone. */
  promoted(): void {
    this.lost('stable');
    for (const [key, found] of this.#arms) this.#arms.set(key, { ...found, arm: 'stable' });
  }
}

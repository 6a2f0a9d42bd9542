import type { RolloutPhase } from '../http/rollout-api.js';
import type { Rollout } from './rollout.js';

/** Where rollouts are kept. */
export interface RolloutStore {
  /** Oldest first. */
  all(): Promise<Rollout[]>;
  /** Stores a new rollout under the next number. */
  insert(rollout: Omit<Rollout, 'number'>): Promise<Rollout>;
  setPhase(number: number, phase: RolloutPhase): Promise<void>;
}

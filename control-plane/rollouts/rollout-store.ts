import type { Rollout } from './rollout.js';

/** Where rollouts are kept. */
export interface RolloutStore {
  /** Oldest first. */
  all(): Promise<Rollout[]>;
  /** Stores a new rollout under the next number. */
  insert(rollout: Omit<Rollout, 'number'>): Promise<Rollout>;
  /** Stores what is another in `next` than in `before`, in one durable transaction or not at all. Throws SQLite's error. */
  save(next: Rollout, before: Rollout): void;
}

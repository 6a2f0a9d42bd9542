import type { RolloutView } from '../http/rollout-api.js';
import type { Rollout } from './rollout.js';
import type { Moment } from './rollout-moments.js';

/** What a look showed that a decision was made by. */
export type RolloutSight = Pick<RolloutView, 'arms' | 'verdict'>;

/** What is stored with a change, for people: it decides nothing. */
export interface RolloutNews {
  readonly atMs: number;
  readonly moments: readonly Moment[];
  /** Null: the one before stands. */
  readonly sight: RolloutSight | null;
}

/** What there is to tell of a rollout, whether it has ended or not. */
export interface RolloutPast {
  /** Oldest first; the newest are kept. */
  readonly moments: readonly (Moment & { readonly atMs: number })[];
  readonly sight: RolloutSight | null;
}

/** Where rollouts are kept. */
export interface RolloutStore {
  /** Oldest first. */
  all(): Promise<Rollout[]>;
  /** Stores a new rollout under the next number. */
  insert(rollout: Omit<Rollout, 'number'>): Promise<Rollout>;
  /** Stores what is another in `next` than in `before`, and the news of it, in one durable transaction or not at all. Throws SQLite's error. */
  save(next: Rollout, before: Rollout, news: RolloutNews): void;
  pastOf(rollout: number): RolloutPast;
}

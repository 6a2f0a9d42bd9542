import { parseReleaseId } from '@bellwether/shared/ids';
import type { RolloutView } from '../http/rollout-api.js';
import type { Reading, ReadingSource } from './reading.js';

/** So long a rollout that was taken back is told of. */
const toldMs = 86_400_000;
const phases: ReadonlyMap<RolloutView['phase'], string> = new Map([
  ['held', 'is held'],
  ['rolling-back', 'was taken back'],
  ['rolled-back', 'was taken back'],
]);

interface RolloutFactsParts {
  /** All of them, the newest first. */
  readonly rollouts: () => readonly RolloutView[];
  readonly rollout: (id: string) => RolloutView;
}

type Failed = Reading & { readonly sinceMs: number; readonly isHeld: boolean };

/** Rollouts that were taken back, or are held, and by no person. */
export class RolloutFacts implements ReadingSource {
  readonly #parts: RolloutFactsParts;
  readonly #failed = new Map<string, Failed>();
  readonly #changed = new Set<string>();

  constructor(parts: RolloutFactsParts) {
    this.#parts = parts;
  }

  start(): void {
    for (const { id } of this.#parts.rollouts()) this.#changed.add(id);
  }

  /** Something about this rollout is another: it is looked at with the next reading. */
  changed(id: string): void {
    this.#changed.add(id);
  }

  *readings(nowMs: number): Generator<Reading> {
    for (const id of this.#changed) {
      const reading = readingOf(this.#parts.rollout(id), this.#failed.get(id)?.sinceMs ?? nowMs);
      if (reading === undefined) this.#failed.delete(id);
      else this.#failed.set(id, reading);
    }
    this.#changed.clear();
    for (const [id, reading] of this.#failed) {
      if (!reading.isHeld && nowMs - reading.sinceMs > toldMs) this.#failed.delete(id);
      else yield reading;
    }
  }
}

function readingOf({ id, release, phase, reason, timeline, step }: RolloutView, seenMs: number): Failed | undefined {
  const become = phases.get(phase);
  // What a person has decided needs no alert.
  if (become === undefined || reason === null || reason.code === 'operator' || step === null) return undefined;
  const subject = { ...parseReleaseId(release), rollout: id };
  const sinceMs = timeline.at(-1)?.atMs ?? seenMs;
  const detail = `${become}: ${reason.text}`;
  return { rule: 'rollout-failed', subject, device: null, value: 1, sinceMs, detail, isHeld: phase === 'held' };
}

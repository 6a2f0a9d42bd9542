import type { Attribution } from '@bellwether/shared/contract/alert';
import { parseReleaseId } from '@bellwether/shared/ids';
import type { RolloutView } from '../http/rollout-api.js';
import type { Reading, ReadingSource } from './reading.js';

/** So long a rollout that was taken back is told of. */
const toldMs = 86_400_000;
/** Of those that failed before the start, so many are looked at. */
const newest = 200;
const phases: ReadonlyMap<RolloutView['phase'], string> = new Map([
  ['held', 'is held'],
  ['rolling-back', 'was taken back'],
  ['rolled-back', 'was taken back'],
]);

interface RolloutFactsParts {
  /** Each by its id, the newest first. */
  readonly phases: () => ReadonlyMap<string, RolloutView['phase']>;
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
    const bad = [...this.#parts.phases()].filter(([, phase]) => phases.has(phase));
    for (const [id] of bad.slice(0, newest)) this.#changed.add(id);
  }

  /** Something about this rollout is another: it is looked at with the next reading. */
  changed(id: string): void {
    this.#changed.add(id);
  }

  *readings(nowMs: number): Generator<Reading> {
    for (const id of this.#changed) {
      // Before anything can fail: what is forgotten meanwhile stops no look but this one.
      this.#changed.delete(id);
      const reading = readingOf(this.#parts.rollout(id), this.#failed.get(id)?.sinceMs ?? nowMs);
      if (reading === undefined) this.#failed.delete(id);
      else this.#failed.set(id, reading);
    }
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
  // The verdict has compared both arms on the same devices already.
  const attribution: Attribution = { cause: 'model', sentence: cut(`The release: ${reason.text}.`), common: null };
  const isHarm = reason.code === 'harm';
  const about = { rule: 'rollout-failed', subject, device: null, value: 1, sinceMs, detail } as const;
  return { ...about, isHeld: phase === 'held', ...(isHarm && { attribution }) };
}

function cut(text: string): string {
  return text.slice(0, 1000);
}

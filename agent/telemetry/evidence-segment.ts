import type { EvidenceWindow } from '@bellwether/shared/contract/evidence-window';
import { type GatingCell, gatingCells } from '@bellwether/shared/evidence/counters';
import { KeyedEvents } from './evidence-keys.js';
import { type SlowLimits, slowCells } from './evidence-slow.js';

/** What a segment is: everything that does not change in it. */
export interface SegmentHead
  extends Pick<
    EvidenceWindow,
    'rollout' | 'step' | 'model' | 'segment' | 'startedAtMs' | 'mode' | 'share' | 'stable' | 'canary'
  > {
  readonly slow: SlowLimits;
}

export type EvidenceArm = 'stable' | 'canary';

/** What became of one call. `computeMicros` is null when there was no answer. */
export interface CallOutcome {
  readonly bad: 'error' | 'invalid' | null;
  readonly computeMicros: number | null;
  /** Its assignment key. */
  readonly key?: string;
}

/** A number for each arm, counted in place. */
export interface Counting {
  stable: number;
  canary: number;
}

/** The counters of one segment on this device: what came since the last window, and its whole life for the device's own e-value. */
export class EvidenceSegment {
  readonly head: SegmentHead;
  /** Events of its whole life, by cell. */
  readonly life = new Map<GatingCell, Counting>();
  readonly #keys = new KeyedEvents();
  #calls = none();
  #runnerMs = none();
  #labelled = none();
  #cells = new Map<GatingCell, Counting>();
  #both = new Map<GatingCell, number>();
  #isTouched = false;

  constructor(head: SegmentHead) {
    this.head = head;
  }

  /** One call of a split or of `full`. Of a key the first call counts, and whether any was bad. */
  outcome(arm: EvidenceArm, { bad, computeMicros, key }: CallOutcome): void {
    const isFirst = this.#keys.isFirst('call', key);
    if (isFirst) this.#add(this.#calls, arm);
    if (bad !== null && this.#keys.isFirst(bad, key)) this.#event(bad, arm);
    if (computeMicros === null || !isFirst) return;
    const micros = Math.round(computeMicros);
    for (const cell of slowCells) {
      const limit = this.head.slow[cell];
      if (limit !== undefined && micros > limit[arm]) this.#event(cell, arm);
    }
  }

  /** One call that both arms ran: what only one of them did says something. */
  pair(stable: CallOutcome, canary: CallOutcome): void {
    this.#add(this.#calls, 'stable');
    this.#add(this.#calls, 'canary');
    for (const cell of ['error', 'invalid'] as const) this.#pairEvent(cell, stable.bad === cell, canary.bad === cell);
  }

  death(arm: EvidenceArm): void {
    this.#event('death', arm);
  }

  /** The truth about an answer came. */
  judged(arm: EvidenceArm, isCorrect: boolean, key?: string): void {
    if (this.#keys.isFirst('label', key)) this.#add(this.#labelled, arm);
    if (!isCorrect && this.#keys.isFirst('wrong', key)) this.#event('wrong', arm);
  }

  /** The truth about a call that both arms answered. */
  judgedPair(isStableCorrect: boolean, isCanaryCorrect: boolean): void {
    this.#add(this.#labelled, 'stable');
    this.#add(this.#labelled, 'canary');
    this.#pairEvent('wrong', !isStableCorrect, !isCanaryCorrect);
  }

  /** Both runners were there for so long; in `full` only the canary's counts. */
  ran(elapsedMs: number): void {
    this.#isTouched ||= elapsedMs > 0;
    this.#runnerMs.canary += elapsedMs;
    if (this.head.mode !== 'full') this.#runnerMs.stable += elapsedMs;
  }

  /** What came since it was asked last; undefined when nothing did. */
  take(): EvidenceWindow | undefined {
    if (!this.#isTouched) return undefined;
    const { slow, ...head } = this.head;
    const limits = slowCells.flatMap((cell) => (slow[cell] === undefined ? [] : [[cell, slow[cell].stable] as const]));
    const cells = this.#measured().map((cell) => [cell, this.#cells.get(cell) ?? none()] as const);
    const window: EvidenceWindow = {
      ...head,
      calls: this.#calls,
      // Parts of a millisecond stay for the next window.
      runnerMs: { stable: Math.floor(this.#runnerMs.stable), canary: Math.floor(this.#runnerMs.canary) },
      labelled: this.#labelled,
      cells: Object.fromEntries(cells),
      both: Object.fromEntries(this.#both),
      slowMicros: Object.fromEntries(limits),
    };
    this.#runnerMs = { stable: this.#runnerMs.stable % 1, canary: this.#runnerMs.canary % 1 };
    this.#calls = none();
    this.#labelled = none();
    this.#cells = new Map();
    this.#both = new Map();
    this.#isTouched = false;
    return window;
  }

  /** 0 is a measurement, and what cannot be measured is left out: times before there is a limit, or of a shadow; labels that nobody sends. */
  #measured(): GatingCell[] {
    const { mode, slow } = this.head;
    const hasLabels = this.#labelled.stable + this.#labelled.canary > 0 || this.#cells.has('wrong');
    return gatingCells.filter((cell) => {
      if (cell === 'wrong') return hasLabels;
      if (cell === 'error' || cell === 'invalid' || cell === 'death') return true;
      return mode !== 'shadow' && slow[cell] !== undefined;
    });
  }

  #pairEvent(cell: GatingCell, isStableBad: boolean, isCanaryBad: boolean): void {
    if (isStableBad && isCanaryBad) this.#both.set(cell, (this.#both.get(cell) ?? 0) + 1);
    else if (isStableBad) this.#event(cell, 'stable');
    else if (isCanaryBad) this.#event(cell, 'canary');
  }

  #event(cell: GatingCell, arm: EvidenceArm): void {
    this.#add(countOf(this.#cells, cell), arm);
    this.#add(countOf(this.life, cell), arm);
  }

  #add(count: Counting, arm: EvidenceArm): void {
    count[arm]++;
    this.#isTouched = true;
  }
}

function none(): Counting {
  return { stable: 0, canary: 0 };
}

function countOf(cells: Map<GatingCell, Counting>, cell: GatingCell): Counting {
  const known = cells.get(cell);
  if (known !== undefined) return known;
  const begun = none();
  cells.set(cell, begun);
  return begun;
}

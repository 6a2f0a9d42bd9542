import type { CourseEvidence } from './course-counted.js';
import type { CourseDevice } from './course-device.js';
import { verdictInput } from './course-evidence.js';
import { EvidenceLedger } from './evidence-ledger.js';
import type { EvidenceStoreSql } from './evidence-store-sql.js';
import type { CountedWindow } from './evidence-sum.js';
import { type LookPoint, withPoint } from './look-history.js';
import type { LookHistoryStoreSql } from './look-history-store-sql.js';
import type { NeighbourStoreSql } from './neighbour-store-sql.js';
import { Neighbours } from './neighbours.js';
import type { Rollout, StagedRollout } from './rollout.js';
import { runningStep } from './rollout-part.js';
import { type ArmCompute, computeOf } from './step-outputs.js';
import { unpairedInput } from './unpaired-evidence.js';
import { suspects } from './verdict/interference.js';
import { judge, type VerdictInput } from './verdict/judge.js';
import { judgeUnpaired, type UnpairedInput } from './verdict/unpaired.js';
import type { Verdict } from './verdict/verdict.js';

/** At most one look a second at one rollout's evidence. */
const lookEveryMs = 1000;
/** Evidence that is not enough is looked at again so often, though nothing new came. */
const staleMs = 60_000;

/** A look: what it saw and what it says. */
export interface Look {
  /** Step and start of it, so that no verdict outlives its step. */
  readonly of: string;
  /** With both arms: what harm is judged by in every step. */
  readonly paired: VerdictInput;
  /** Compute times of both arms in the current step. */
  readonly compute: ArmCompute;
  /** Of a step in `full`, which has one arm. */
  readonly unpaired: UnpairedInput | undefined;
  readonly verdict: Verdict;
  readonly atMs: number;
}

interface LookParts {
  readonly store: Pick<EvidenceStoreSql, 'of'>;
  readonly history: Pick<LookHistoryStoreSql, 'of' | 'note'>;
  readonly neighbours: Pick<NeighbourStoreSql, 'windows'>;
  readonly isQuarantined: (device: string) => boolean;
  /** The release of a rollout, as its author described it; undefined: the catalogue does not know it any more. */
  readonly manifestOf: (rollout: Rollout) => CourseEvidence['manifest'];
}

/** Judges the evidence of rollouts that are on their way, as it comes in. Everything here can be made again from the database. */
export class EvidenceLooks {
  readonly #parts: LookParts;
  readonly #ledger = new EvidenceLedger();
  readonly #looks = new Map<number, Look>();
  readonly #unseen = new Set<number>();
  readonly #histories = new Map<number, readonly LookPoint[]>();
  readonly #neighbours: Neighbours;

  constructor(parts: LookParts) {
    this.#parts = parts;
    this.#neighbours = new Neighbours(parts.neighbours);
  }

  /** Takes up what is stored of these rollouts. */
  start(rollouts: readonly Rollout[]): void {
    const numbers = rollouts.map(({ number }) => number);
    this.#ledger.load(this.#parts.store.of(numbers));
    for (const number of numbers) this.#histories.set(number, this.#parts.history.of(number));
  }

  /** Nothing more is judged of it, and nothing is kept here. */
  end({ number }: Pick<Rollout, 'number'>): void {
    this.#ledger.forget(number);
    this.#looks.delete(number);
    this.#unseen.delete(number);
    this.#histories.delete(number);
  }

  /** Every look that is kept, oldest first; of one that has ended too. */
  historyOf({ number }: Pick<Rollout, 'number'>): readonly LookPoint[] {
    return this.#histories.get(number) ?? this.#parts.history.of(number);
  }

  /** A window is stored. */
  take(rollout: Rollout, device: string, counted: { counted: CountedWindow; arrivedAtMs: number }): void {
    this.#ledger.take(rollout, device, counted);
    this.#unseen.add(rollout.number);
  }

  /** The newest look; undefined before the first. */
  of(rollout: Pick<Rollout, 'number'>): Look | undefined {
    return this.#looks.get(rollout.number);
  }

  /** Judges what there is, if it is time; the verdict of this very step, or null. */
  look(rollout: StagedRollout, devices: readonly CourseDevice[], nowMs: number): Verdict | null {
    const { number } = rollout;
    const of = `${rollout.course.step} ${rollout.course.stepStartedAtMs}`;
    const last = this.#looks.get(number);
    const isNew = last?.of !== of;
    // A look at nothing spends no second.
    // A clock that was set back stops no look.
    const sinceMs = last === undefined ? 0 : Math.abs(nowMs - last.atMs);
    const isTooSoon = last?.paired.devices.some(hasSegments) === true && sinceMs < lookEveryMs;
    // Who is idle changes with time alone.
    const isStale = last?.verdict.value === 'inconclusive' && sinceMs >= staleMs;
    if (!isNew && !isStale && (!this.#unseen.has(number) || isTooSoon)) return last.verdict;
    const { isQuarantined, manifestOf } = this.#parts;
    const manifest = manifestOf(rollout);
    const evidence: CourseEvidence = { sums: this.#ledger.of(number), devices, isQuarantined, manifest, nowMs };
    const judged = this.#judged(rollout, evidence);
    if (judged === undefined) return null;
    const { verdict } = judged;
    this.#unseen.delete(number);
    this.#looks.set(number, { of, ...judged, atMs: nowMs });
    this.#note(number, { atMs: nowMs, step: rollout.course.step, logHarm: verdict.logHarm });
    return verdict;
  }

  #note(number: number, point: LookPoint): void {
    const { points, isThinned } = withPoint(this.#histories.get(number) ?? [], point);
    this.#histories.set(number, points);
    this.#parts.history.note(number, isThinned ? { all: points } : { point });
  }

  /** Harm in both arms decides in every step; what a step in `full` adds is judged by absolute limits. */
  #judged(
    rollout: StagedRollout,
    evidence: CourseEvidence,
  ): Pick<Look, 'paired' | 'compute' | 'unpaired' | 'verdict'> | undefined {
    const input = verdictInput(rollout, evidence);
    if (input === undefined) return undefined;
    const slowed = suspects({ ...input, alpha: input.limits.alpha });
    const paired = { ...input, neighbours: this.#neighbours.of(rollout, slowed, evidence) };
    const verdict = judge(paired);
    const isFull = runningStep(rollout)?.step.mode === 'full';
    const unpaired = isFull && verdict.value !== 'fail' ? unpairedInput(rollout, evidence) : undefined;
    const compute = computeOf(rollout, evidence);
    return { paired, compute, unpaired, verdict: unpaired === undefined ? verdict : judgeUnpaired(unpaired) };
  }
}

function hasSegments({ segments }: VerdictInput['devices'][number]): boolean {
  return segments.length > 0;
}

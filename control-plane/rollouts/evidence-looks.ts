import type { EvidenceWindow } from '@bellwether/shared/contract/evidence-window';
import type { CourseDevice } from './course-device.js';
import { type CourseEvidence, verdictInput } from './course-evidence.js';
import { EvidenceLedger } from './evidence-ledger.js';
import type { EvidenceStoreSql } from './evidence-store-sql.js';
import type { Rollout, StagedRollout } from './rollout.js';
import { judge, type VerdictInput } from './verdict/judge.js';
import type { Verdict } from './verdict/verdict.js';

/** At most one look a second at one rollout's evidence. */
const lookEveryMs = 1000;
/** Points of the history that are kept; when they are too many, every second one goes. */
const historyPoints = 240;

/** A look: what it saw and what it says. */
export interface Look {
  /** Step and start of it, so that no verdict outlives its step. */
  readonly of: string;
  readonly input: VerdictInput;
  readonly verdict: Verdict;
  readonly atMs: number;
  readonly history: readonly { readonly atMs: number; readonly logHarm: number }[];
}

interface LookParts {
  readonly store: Pick<EvidenceStoreSql, 'of'>;
  readonly isQuarantined: (device: string) => boolean;
}

/** Judges the evidence of rollouts as it comes in. Everything here can be made again from the database. */
export class EvidenceLooks {
  readonly #parts: LookParts;
  readonly #ledger = new EvidenceLedger();
  readonly #looks = new Map<number, Look>();
  readonly #unseen = new Set<number>();

  constructor(parts: LookParts) {
    this.#parts = parts;
  }

  /** Takes up what is stored of these rollouts. */
  start(rollouts: readonly Rollout[]): void {
    this.#ledger.load(this.#parts.store.of(rollouts.map(({ number }) => number)));
  }

  /** A window is stored. */
  take(
    rollout: Rollout,
    device: string,
    { window, arrivedAtMs }: { window: EvidenceWindow; arrivedAtMs: number },
  ): void {
    this.#ledger.take(rollout, device, window, arrivedAtMs);
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
    const isTooSoon = last?.input.devices.some(hasSegments) === true && nowMs - last.atMs < lookEveryMs;
    if (!isNew && (!this.#unseen.has(number) || isTooSoon)) return decisive(rollout, last.verdict);
    const { isQuarantined } = this.#parts;
    const evidence: CourseEvidence = { sums: this.#ledger.of(number), devices, isQuarantined };
    const input = verdictInput(rollout, evidence);
    if (input === undefined) return null;
    const verdict = judge(input);
    this.#unseen.delete(number);
    const history = thinned([...(last?.history ?? []), { atMs: nowMs, logHarm: verdict.logHarm }]);
    this.#looks.set(number, { of, input, verdict, atMs: nowMs, history });
    return decisive(rollout, verdict);
  }
}

function hasSegments({ segments }: VerdictInput['devices'][number]): boolean {
  return segments.length > 0;
}

/** `full` has one arm: of what was counted before only harm still says something. */
function decisive({ course }: StagedRollout, verdict: Verdict): Verdict | null {
  return course.policy.steps[course.step]?.mode === 'full' && verdict.value !== 'fail' ? null : verdict;
}

function thinned<Point>(points: readonly Point[]): readonly Point[] {
  return points.length <= historyPoints ? points : points.filter((_, index) => (points.length - index) % 2 === 1);
}

import type { Instant } from '@bellwether/shared/clock';
import { type EvidenceWindow, maxShare } from '@bellwether/shared/contract/evidence-window';
import { segmentMs, slowCellsAt } from '@bellwether/shared/evidence/counters';
import type {
  ObservedAnswer,
  ObservedArm,
  ObservedFailure,
  ObservedJudgement,
  ObservedPair,
} from '../inference/observer.js';
import { type CallOutcome, type EvidenceArm, EvidenceSegment, type SegmentHead } from './evidence-segment.js';
import { ComputeTimes, type FrozenTimes, type SlowLimits } from './evidence-slow.js';
import { type DeviceSegment, logDeviceHarm } from './evidence-suspicion.js';

/** What a segment is cut from: the trial as the order has it, and what runs in both arms. */
export interface TrialHead extends Omit<SegmentHead, 'segment' | 'startedAtMs' | 'slow'> {
  /** The canary's p99 by its manifest, microseconds. */
  readonly budgetMicros: number;
}

/** Segments that are remembered: what is answered or judged later counts where it was drawn. Twelve an hour for each canary. */
const maxSegments = 1024;
/** Of the window's schema; what does not fit goes with the next one. */
const maxPerWindow = 128;

interface Current {
  readonly segment: EvidenceSegment;
  /** Until when the runners' time is counted, monotonic. */
  countedMs: number;
  /** Stable's times, where there were too few of them when the segment began to tell slow calls by; as soon as there are enough the segment ends. */
  readonly awaits: ComputeTimes | undefined;
}

/** The evidence of every canary on this device, in segments of which nothing changes [R-2, W-4]. Numbers that add up; it decides nothing. */
export class Evidence {
  readonly #segments = new Map<number, EvidenceSegment>();
  readonly #current = new Map<string, Current>();
  readonly #times = new Map<string, { readonly manifest: string; readonly times: ComputeTimes }>();
  readonly #frozen = new Map<string, { readonly of: string; readonly times: FrozenTimes }>();
  #lastSegment = 0;

  /** The segment that calls of a model are drawn in now; 0 outside one, once the five minutes of the wall are over, and once times can be compared that could not be when it began. */
  current(model: string, wallMs: number): number {
    const current = this.#current.get(model);
    if (current === undefined || current.awaits?.isEnough === true) return 0;
    const { head } = current.segment;
    return Math.floor(head.startedAtMs / segmentMs) === Math.floor(wallMs / segmentMs) ? head.segment : 0;
  }

  /** The segment that the model's last draw was in; 0 before the first. */
  last(model: string): number {
    return this.#current.get(model)?.segment.head.segment ?? 0;
  }

  /** Begins a segment with its first draw, and ends the one before; answers its number. */
  begin({ budgetMicros, ...trial }: TrialHead, now: Instant): number {
    this.end(trial.model, now);
    const head = {
      ...trial,
      segment: ++this.#lastSegment,
      startedAtMs: Math.round(now.wallMs),
      slow: this.#slowLimits(trial, budgetMicros),
    };
    const segment = new EvidenceSegment(head);
    this.#segments.set(head.segment, segment);
    this.#current.set(trial.model, { segment, countedMs: now.monotonicMs, awaits: this.#awaited(trial) });
    const [oldest] = this.#segments.keys();
    if (this.#segments.size > maxSegments && oldest !== undefined) this.#segments.delete(oldest);
    return head.segment;
  }

  /** A step, share, salt or runner changed, or the canary went: what is drawn from now on counts elsewhere. */
  end(model: string, now: Instant): void {
    const current = this.#current.get(model);
    if (current !== undefined) countTime(current, now);
    this.#current.delete(model);
  }

  answered(answer: ObservedAnswer): void {
    const { arm, model, manifest, computeMicros, segment } = answer;
    if (arm === 'stable') this.#timesOf(model, manifest).add(computeMicros);
    const open = this.#segments.get(segment);
    if (arm !== 'shadow' && open?.head.mode !== 'shadow') open?.outcome(arm, outcomeOf(answer));
  }

  failed({ arm, segment, key }: ObservedFailure): void {
    const open = this.#segments.get(segment);
    if (arm === 'shadow' || open?.head.mode === 'shadow') return;
    open?.outcome(arm, { bad: 'error', computeMicros: null, ...(key === undefined ? {} : { key }) });
  }

  /** Both arms ran one call of a shadow. */
  paired({ segment, stable, canary }: ObservedPair): void {
    this.#segments.get(segment)?.pair(stable, canary);
  }

  /** A runner died: counted in the segment that it ends, unless nobody drew what it died of. */
  runnerDied({ model, arm, segment }: Pick<ObservedArm, 'model' | 'arm' | 'segment'>): void {
    if (segment !== 0) this.#current.get(model)?.segment.death(armOf(arm));
  }

  judged({ arm, segment, key, correct, shadowCorrect }: ObservedJudgement): void {
    const open = this.#segments.get(segment);
    if (open === undefined || arm === 'shadow') return;
    if (open.head.mode !== 'shadow') open.judged(arm, correct, key);
    else if (shadowCorrect !== undefined) open.judgedPair(correct, shadowCorrect);
  }

  /** log E of this device's own errors, invalid answers and deaths under a rollout: how much worse than stable its canary is. */
  suspicion(rollout: string): number {
    const own = [...this.#segments.values()].filter(({ head }) => head.rollout === rollout);
    return logDeviceHarm(own.map(({ head, life }): DeviceSegment => ({ ...head, life })));
  }

  /** What came since the last window. */
  takeWindows(now: Instant): EvidenceWindow[] {
    for (const current of this.#current.values()) countTime(current, now);
    const windows: EvidenceWindow[] = [];
    for (const segment of this.#segments.values()) {
      if (windows.length >= maxPerWindow) break;
      const window = segment.take();
      if (window !== undefined) windows.push(window);
    }
    return windows;
  }

  /** A rollout's quantiles stay as they were first: what the canary does to stable must not move them. */
  #slowLimits(
    { model, rollout, stable, mode, share }: Omit<TrialHead, 'budgetMicros'>,
    budgetMicros: number,
  ): SlowLimits {
    if (mode !== 'split') return {};
    const of = `${rollout} ${stable}`;
    let frozen = this.#frozen.get(model);
    if (frozen?.of !== of) frozen = { of, times: this.#timesOf(model, stable).frozen() };
    const slow = frozen.times.limits(share, budgetMicros);
    if (frozen.times.isEnough) this.#frozen.set(model, frozen);
    return slow;
  }

  #awaited({ model, stable, mode, share }: Omit<TrialHead, 'budgetMicros'>): ComputeTimes | undefined {
    if (mode !== 'split' || slowCellsAt(share / maxShare).length === 0) return undefined;
    const times = this.#timesOf(model, stable);
    return times.isEnough ? undefined : times;
  }

  /** Another release of the model begins anew. */
  #timesOf(model: string, manifest: string): ComputeTimes {
    const known = this.#times.get(model);
    if (known?.manifest === manifest) return known.times;
    const times = new ComputeTimes();
    this.#times.set(model, { manifest, times });
    return times;
  }
}

function countTime(current: Current, { monotonicMs }: Instant): void {
  current.segment.ran(Math.max(0, monotonicMs - current.countedMs));
  current.countedMs = monotonicMs;
}

function outcomeOf({ invalid, isLate = false, computeMicros, key }: ObservedAnswer): CallOutcome {
  const named = key === undefined ? {} : { key };
  // Of a canary's late answer nobody knows how long it computed.
  if (isLate) return { bad: 'error', computeMicros: null, ...named };
  return { bad: invalid ? 'invalid' : null, computeMicros, ...named };
}

function armOf(arm: ObservedArm['arm']): EvidenceArm {
  return arm === 'stable' ? 'stable' : 'canary';
}

import type { CanarySettings } from '@bellwether/agent/inference/canary-settings';
import type { Runner, Tensor } from '@bellwether/agent/inference/engine';
import type { ObservedAnswer } from '@bellwether/agent/inference/observer';
import { Serving } from '@bellwether/agent/inference/serving';
import { Recorder } from '@bellwether/agent/telemetry/recorder';
import { limitsOf } from '@bellwether/control-plane/rollouts/verdict/evidence-policy';
import { judge } from '@bellwether/control-plane/rollouts/verdict/judge';
import type { Verdict } from '@bellwether/control-plane/rollouts/verdict/verdict';
import { systemClock } from '@bellwether/shared/clock';
import type { EvidenceWindow } from '@bellwether/shared/contract/evidence-window';
import { type GatingCell, type SegmentCounters, segmentMs } from '@bellwether/shared/evidence/counters';
import { trialParts } from './trial-parts.js';

const slowCells = ['slow50', 'slow90', 'slow95', 'slow99'] as const;
const callers = 4;
/** A thousand stable calls make the limits; a few more are sure to. */
const warmUpCalls = 1500;

/** What a trial of a release against itself came to. */
export interface AaResult {
  readonly calls: number;
  readonly canaryCalls: number;
  /** True when the judge took it back at any look. */
  readonly isFail: boolean;
  /** True when the judge found at any look that the canary was in stable's way. */
  readonly isInterference: boolean;
  /** The most evidence of harm that it had at any look, natural logarithm. */
  readonly maxLogHarm: number;
  /** The same calls with one limit for both arms: whether, and after how many seconds, the judge would have taken it back. */
  readonly withoutTolerance: { readonly isFail: boolean; readonly seconds: number };
}

/** Counts the canary's calls above stable's own limits, as if there were no tolerance. */
class StrictRecorder extends Recorder {
  readonly strict = new Map<number, Map<GatingCell, number>>();
  /** Of the segment that is open. */
  limits: EvidenceWindow['slowMicros'] = {};

  override answered(answer: ObservedAnswer): void {
    super.answered(answer);
    if (answer.arm !== 'canary') return;
    const counts = this.strict.get(answer.segment) ?? new Map<GatingCell, number>();
    this.strict.set(answer.segment, counts);
    for (const cell of slowCells) {
      const limit = this.limits[cell];
      if (limit !== undefined && answer.computeMicros > limit) counts.set(cell, (counts.get(cell) ?? 0) + 1);
    }
  }
}

/**
 * One release as both arms: two real runners of the same bytes under load, every second one look of the product's judge at
 * the product's counters. `inputs`: one call.
 */
export async function runAaTrial(
  { stable, canary, inputs }: { readonly stable: Runner; readonly canary: Runner; readonly inputs: readonly Tensor[] },
  { share, seconds, number }: { readonly share: number; readonly seconds: number; readonly number: number },
  signal: AbortSignal,
): Promise<AaResult> {
  const recorder = new StrictRecorder(systemClock.now());
  const limits = { queueLength: 64, deadlineMs: 10_000, drainMs: 30_000 };
  const serving = new Serving({
    clock: systemClock,
    observer: recorder,
    limits,
    onRunnerDied: () => {},
    trials: trialParts({ evidence: recorder.evidence }),
  });
  const { model } = stable.model.manifest;
  serving.swap(stable);
  let calls = 0;
  const drive = async (isOver: () => boolean): Promise<void> => {
    while (!isOver()) {
      await serving.infer(model, { inputs });
      calls++;
    }
  };
  const driveAll = (isOver: () => boolean) => Promise.all(Array.from({ length: callers }, () => drive(isOver)));
  await driveAll(() => calls >= warmUpCalls || signal.aborted);
  calls = 0;
  const settings: CanarySettings = {
    rollout: `r${number}`,
    step: 0,
    mode: 'split',
    share,
    salt: String(number).padStart(32, '0'),
  };
  serving.setCanary(canary, settings);
  const over = new AbortController();
  const load = driveAll(() => over.signal.aborted || signal.aborted);
  const looks = new Looks(recorder);
  for (let second = 1; second <= seconds && !signal.aborted; second++) {
    await systemClock.sleep(1000, signal);
    looks.look(second);
  }
  over.abort();
  await load;
  await serving.releaseCanary(model);
  return { calls, ...looks.result() };
}

/** Every look at the evidence so far, with the tolerance and without. */
class Looks {
  readonly #recorder: StrictRecorder;
  readonly #segments = new Map<number, EvidenceWindow>();
  #isFail = false;
  #isInterference = false;
  #maxLogHarm = Number.NEGATIVE_INFINITY;
  #strictFailSeconds = Number.NaN;

  constructor(recorder: StrictRecorder) {
    this.#recorder = recorder;
  }

  look(second: number): void {
    for (const window of this.#recorder.evidence.takeWindows(systemClock.now())) {
      this.#recorder.limits = window.slowMicros;
      this.#segments.set(window.segment, added(this.#segments.get(window.segment), window));
    }
    const verdict = verdictOf([...this.#segments.values()]);
    this.#isFail ||= verdict.value === 'fail';
    this.#isInterference ||= verdict.drop.length > 0;
    this.#maxLogHarm = Math.max(this.#maxLogHarm, verdict.logHarm);
    if (Number.isNaN(this.#strictFailSeconds) && this.#strictVerdict().value === 'fail') {
      this.#strictFailSeconds = second;
    }
  }

  result(): Omit<AaResult, 'calls'> {
    const canaryCalls = [...this.#segments.values()].reduce((sum, { calls }) => sum + calls.canary, 0);
    const seconds = this.#strictFailSeconds;
    return {
      canaryCalls,
      isFail: this.#isFail,
      isInterference: this.#isInterference,
      maxLogHarm: this.#maxLogHarm,
      withoutTolerance: { isFail: !Number.isNaN(seconds), seconds },
    };
  }

  #strictVerdict(): Verdict {
    const windows = [...this.#segments.values()].map((window) => {
      const strict = this.#recorder.strict.get(window.segment);
      const cells = { ...window.cells };
      for (const cell of slowCells) {
        const count = cells[cell];
        if (count !== undefined) cells[cell] = { ...count, canary: strict?.get(cell) ?? 0 };
      }
      return { ...window, cells };
    });
    return verdictOf(windows);
  }
}

function verdictOf(windows: readonly EvidenceWindow[]): Verdict {
  const firstMs = Math.min(...windows.map(({ startedAtMs }) => startedAtMs));
  const segments = windows.map((window): SegmentCounters => {
    const { calls, runnerMs, labelled, cells, both } = window;
    const epoch = Math.max(0, Math.floor((window.startedAtMs - firstMs) / segmentMs));
    return { epoch, mode: 'split', share: window.share / 10_000, calls, runnerMs, labelled, cells, both };
  });
  const device = { device: 'bench', stratum: '', segments };
  return judge({
    limits: limitsOf({}),
    devices: [device],
    step: [device],
    strata: [''],
    outputs: { classes: [], confidence: [] },
    unmeasured: [],
    minCalls: 0,
  });
}

function added(before: EvidenceWindow | undefined, window: EvidenceWindow): EvidenceWindow {
  if (before === undefined) return window;
  const cells = Object.entries(window.cells).map(([cell, count]) => [cell, sum(before.cells[cell], count)] as const);
  return {
    ...window,
    calls: sum(before.calls, window.calls),
    runnerMs: sum(before.runnerMs, window.runnerMs),
    labelled: sum(before.labelled, window.labelled),
    cells: { ...before.cells, ...Object.fromEntries(cells) },
  };
}

function sum(a: EvidenceWindow['calls'] | undefined, b: EvidenceWindow['calls']): EvidenceWindow['calls'] {
  return { stable: (a?.stable ?? 0) + b.stable, canary: (a?.canary ?? 0) + b.canary };
}

import type { Instant } from '@bellwether/shared/clock';
import { type HostWindow, maxArms, type Window } from '@bellwether/shared/contract/window';
import { modelNamePattern } from '@bellwether/shared/ids';
import type {
  InferenceObserver,
  ObservedAnswer,
  ObservedArm,
  ObservedFailure,
  ObservedJudgement,
  ObservedPair,
} from '../inference/observer.js';
import { Evidence } from './evidence.js';
import { ArmCounters } from './recorder-arm.js';
import { windowTime } from './wall-time.js';
import { WatchedReleases } from './watched-releases.js';

/** Feature counts come with every so many windows [W-3]. */
const windowsPerFeatures = 10;
/** Names of unknown models come from applications: a bound keeps them from filling memory and the message. */
const maxRejectedModels = 64;
const otherModel = 'other';

const modelName = new RegExp(modelNamePattern);

/** What a window says beside what was counted. */
export interface WindowFrame {
  readonly device: string;
  readonly runId: string;
  readonly bootId: string;
  readonly sequence: number;
  readonly host: HostWindow;
  readonly outbox: Window['outbox'];
  /** What the server's signed time has become by now. */
  readonly serverMs?: number | undefined;
}

/** Counts what serving observes into windows [W-4, W-5]; each window begins where the last one ended. Recording costs about a microsecond. */
export class Recorder implements InferenceObserver {
  /** Of the canaries on this device; it goes with the windows. */
  readonly evidence = new Evidence();
  /** Of the releases that answer; every tenth window has them. */
  readonly features = new WatchedReleases();
  readonly #agentStart: Instant;
  #windowStart: Instant;
  #arms = new Map<string, ArmCounters>();
  #rejected = new Map<string, Map<string, number>>();
  #isFull = false;
  /** What the governor leaves out now, and in this window at any time. */
  #shed: readonly string[] = [];
  #everShed: readonly string[] = [];
  #shadowMicros = 0;

  constructor(agentStart: Instant) {
    this.#agentStart = agentStart;
    this.#windowStart = agentStart;
  }

  /** What calls in the shadow have cost their runners since the start. */
  get shadowMicros(): number {
    return this.#shadowMicros;
  }

  /** What is left out from now on; a window says what was at any time in it. */
  shed(steps: readonly string[]): void {
    this.#shed = steps;
    this.#everShed = [...new Set([...this.#everShed, ...steps])];
  }

  answered(answer: ObservedAnswer): void {
    if (answer.arm === 'shadow') this.#shadowMicros += answer.computeMicros;
    this.#arm(answer)?.answered(answer);
    this.evidence.answered(answer);
    this.features.answered(answer, sinceMs(this.#agentStart, this.#windowStart));
  }

  failed(failure: ObservedFailure): void {
    this.#arm(failure)?.failed(failure.code);
    this.evidence.failed(failure);
  }

  paired(pair: ObservedPair): void {
    this.evidence.paired(pair);
  }

  /** In the window in which the truth came, under the arm and segment of the request [W-4]. */
  judged(judgement: ObservedJudgement): void {
    this.#arm(judgement)?.judged(judgement.correct);
    this.evidence.judged(judgement);
  }

  runnerDied(arm: ObservedArm): void {
    this.#arm(arm)?.runnerDied();
    this.evidence.runnerDied(arm);
  }

  rejected(model: string, code: string): void {
    const isKnown = this.#rejected.has(model) || (this.#rejected.size < maxRejectedModels && modelName.test(model));
    const name = isKnown ? model : otherModel;
    const codes = this.#rejected.get(name) ?? new Map<string, number>();
    codes.set(code, (codes.get(code) ?? 0) + 1);
    this.#rejected.set(name, codes);
  }

  /** Closes the window at `now` and begins the next. */
  takeWindow(now: Instant, frame: WindowFrame): Window {
    const { device, runId, bootId, sequence, host, outbox } = frame;
    const evidence = this.evidence.takeWindows(now);
    const isTenth = sequence % windowsPerFeatures === windowsPerFeatures - 1;
    const features = isTenth ? this.features.take() : [];
    const window: Window = {
      version: 2,
      device,
      runId,
      sequence,
      bootId,
      startMs: sinceMs(this.#agentStart, this.#windowStart),
      endMs: sinceMs(this.#agentStart, now),
      ...windowTime(this.#windowStart, now, frame.serverMs),
      arms: [...this.#arms.values()].map((arm) => arm.toWindow()),
      ...(evidence.length === 0 ? {} : { evidence }),
      ...(features.length === 0 ? {} : { features }),
      rejected: Object.fromEntries([...this.#rejected].map(([model, codes]) => [model, Object.fromEntries(codes)])),
      host,
      shed: [...(this.#isFull ? ['arms'] : []), ...this.#everShed],
      outbox,
    };
    this.#windowStart = now;
    this.#arms = new Map();
    this.#rejected = new Map();
    this.#isFull = false;
    this.#everShed = this.#shed;
    return window;
  }

  #arm(of: ObservedArm): ArmCounters | undefined {
    // The manifest and not the version: a publisher may list a version anew, and then it is other bytes.
    const key = `${of.model} ${of.arm} ${of.manifest} ${of.segment}`;
    const known = this.#arms.get(key);
    if (known !== undefined) return known;
    this.#isFull = this.#arms.size >= maxArms;
    if (this.#isFull) return undefined;
    const arm = new ArmCounters(of);
    this.#arms.set(key, arm);
    return arm;
  }
}

function sinceMs(start: Instant, end: Instant): number {
  return Math.round(end.monotonicMs - start.monotonicMs);
}

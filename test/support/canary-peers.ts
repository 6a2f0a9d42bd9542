import { normalBelow } from './random-counts.js';

/** Errors and calls of both arms in one interval. */
export interface ArmErrors {
  readonly stableCalls: number;
  readonly canaryCalls: number;
  readonly stableErrors: number;
  readonly canaryErrors: number;
}

/** Another way to decide, over errors alone; told of each interval as it ends, it says whether it takes the canary back. */
export interface CanaryPeer {
  isBad(interval: ArmErrors): boolean;
}

/** A one-sided two-proportion z-test at 1 % over everything so far, looked at again and again: what a dashboard does. */
export class RepeatedZTest implements CanaryPeer {
  #stable = 0;
  #canary = 0;
  #stableErrors = 0;
  #canaryErrors = 0;

  isBad({ stableCalls, canaryCalls, stableErrors, canaryErrors }: ArmErrors): boolean {
    this.#stable += stableCalls;
    this.#canary += canaryCalls;
    this.#stableErrors += stableErrors;
    this.#canaryErrors += canaryErrors;
    const calls = this.#stable + this.#canary;
    const pooled = (this.#stableErrors + this.#canaryErrors) / calls;
    const error = Math.sqrt(pooled * (1 - pooled) * (1 / this.#stable + 1 / this.#canary));
    const z = (this.#canaryErrors / this.#canary - this.#stableErrors / this.#stable) / error;
    return 1 - normalBelow(z) < 0.01;
  }
}

/**
 * Argo Rollouts' AnalysisRun as its documentation describes it: a measurement each interval, `failureCondition` on the
 * canary's error rate, and the run fails with more than `failureLimit` failed measurements.
 */
export class ThresholdRule implements CanaryPeer {
  readonly #maxErrorRate: number;
  readonly #failureLimit: number;
  #failed = 0;

  constructor(maxErrorRate: number, failureLimit: number) {
    this.#maxErrorRate = maxErrorRate;
    this.#failureLimit = failureLimit;
  }

  isBad({ canaryCalls, canaryErrors }: ArmErrors): boolean {
    if (canaryErrors > this.#maxErrorRate * canaryCalls) this.#failed++;
    return this.#failed > this.#failureLimit;
  }
}

/** A 98 % confidence interval, and a tolerance of 25 % of the control's mean. */
const confidenceZ = 2.326;
const tolerance = 0.25;
const fewestPoints = 5;

/**
 * Kayenta's judge as its documentation describes it: one point of the error rate per interval and arm, a Mann-Whitney
 * confidence interval of their shift (Hodges-Lehmann; Conover, Practical Nonparametric Statistics, §5.4), and `High` when
 * its lower end is more than the tolerance above zero.
 */
export class MannWhitneyJudge implements CanaryPeer {
  readonly #control: number[] = [];
  readonly #experiment: number[] = [];

  isBad({ stableCalls, canaryCalls, stableErrors, canaryErrors }: ArmErrors): boolean {
    this.#control.push(stableErrors / stableCalls);
    this.#experiment.push(canaryErrors / canaryCalls);
    const n = this.#control.length;
    if (n < fewestPoints) return false;
    const mean = this.#control.reduce((sum, value) => sum + value, 0) / n;
    const shifts = this.#experiment.flatMap((a) => this.#control.map((b) => a - b)).toSorted((a, b) => a - b);
    const place = Math.floor((n * n) / 2 - confidenceZ * Math.sqrt((n * n * (2 * n + 1)) / 12));
    return place >= 0 && (shifts[place] ?? 0) > tolerance * mean;
  }
}

/** Seconds at which each peer took the canary back; undefined: never. */
export interface PeerFindings {
  readonly zTest: number | undefined;
  readonly threshold: number | undefined;
  readonly mannWhitney: number | undefined;
}

/** All three on one stream: the z-test with each window, five seconds; the others each minute. */
export class PeerWatch {
  readonly #watched = [
    { name: 'zTest', seconds: 5, peer: new RepeatedZTest() },
    // An operator who knows that one call in a hundred fails allows twice that.
    { name: 'threshold', seconds: 60, peer: new ThresholdRule(0.02, 3) },
    { name: 'mannWhitney', seconds: 60, peer: new MannWhitneyJudge() },
  ] as const;
  readonly #seen = new Map<string, ArmErrors>();
  readonly #found = new Map<string, number>();

  /** Counters of the whole rollout after a second. */
  look(second: number, totals: ArmErrors): void {
    for (const { name, seconds, peer } of this.#watched) {
      if (second % seconds !== 0 || this.#found.has(name)) continue;
      const before = this.#seen.get(name) ?? { stableCalls: 0, canaryCalls: 0, stableErrors: 0, canaryErrors: 0 };
      this.#seen.set(name, totals);
      const interval: ArmErrors = {
        stableCalls: totals.stableCalls - before.stableCalls,
        canaryCalls: totals.canaryCalls - before.canaryCalls,
        stableErrors: totals.stableErrors - before.stableErrors,
        canaryErrors: totals.canaryErrors - before.canaryErrors,
      };
      if (peer.isBad(interval)) this.#found.set(name, second);
    }
  }

  get findings(): PeerFindings {
    const at = (name: string) => this.#found.get(name);
    return { zTest: at('zTest'), threshold: at('threshold'), mannWhitney: at('mannWhitney') };
  }
}

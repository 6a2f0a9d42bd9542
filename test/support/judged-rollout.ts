import { harmOf } from '@bellwether/control-plane/rollouts/verdict/harm';
import { judge } from '@bellwether/control-plane/rollouts/verdict/judge';
import { tallyOf } from '@bellwether/control-plane/rollouts/verdict/tally';
import type { Verdict } from '@bellwether/control-plane/rollouts/verdict/verdict';
import type { ArmErrors } from './canary-peers.js';
import { look, standardLimits } from './fleet-evidence.js';
import type { Dice } from './random-counts.js';
import { RunningHarm } from './running-harm.js';
import { type SimulatedFleet, SimulatedRollout } from './simulated-rollout.js';

/** Looks between two that a product's judge confirms: it is asked at least so often, and whenever it could fail. */
const secondsBetweenProofs = 600;

/** A simulated rollout that is looked at every second, as the server does. */
export class JudgedRollout {
  readonly stream: SimulatedRollout;
  readonly #fleet: SimulatedFleet;
  readonly #running: RunningHarm;
  readonly #limit = 1 / standardLimits.alpha;

  constructor(dice: Dice, fleet: SimulatedFleet) {
    this.#fleet = fleet;
    this.stream = new SimulatedRollout(dice, fleet);
    const { share, mode, strata } = fleet;
    this.#running = new RunningHarm(strata.length, { share, mode, tolerated: standardLimits.toleratedRatio });
  }

  /** One second. The verdict when the product says `fail`; it is asked only where the evidence could be enough. */
  tick(): Verdict | undefined {
    if (this.stream.tick()) this.#running.nextEpoch();
    this.#running.add(this.stream.news);
    const value = this.#running.value();
    if (value < this.#limit) {
      if (this.stream.second % secondsBetweenProofs === 0) this.#prove(value);
      return undefined;
    }
    this.#prove(value);
    const verdict = this.judge();
    return verdict.value === 'fail' ? verdict : undefined;
  }

  /** Counters so far, of the whole fleet: what others decide by. */
  get errors(): ArmErrors {
    const [stableCalls = 0, canaryCalls = 0, stableErrors = 0, canaryErrors = 0] = this.stream.totals;
    return { stableCalls, canaryCalls, stableErrors, canaryErrors };
  }

  /** What the product says now. */
  judge(): Verdict {
    return judge(look(this.stream.devices(), { strata: this.#fleet.strata.map(({ name }) => name) }));
  }

  /** Both ways to add evidence up must agree; throws when they do not. */
  #prove(value: number): void {
    const tally = tallyOf(
      this.stream.devices(),
      this.#fleet.strata.map(({ name }) => name),
    );
    const { logE } = harmOf(tally, { ...standardLimits, ignoreBelow: 0 });
    if (Math.abs(logE - Math.log(value)) < 1e-9) return;
    throw new Error(`second ${this.stream.second}: log E is ${logE} by the product, ${Math.log(value)} step by step`);
  }
}

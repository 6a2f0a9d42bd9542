import type { Clock } from '@bellwether/shared/clock';
import { type Governing, govern, lookMs, type Shed, shedOrder, ungoverned } from './governor.js';
import { ownMicros, type ProcessorTimes } from './own-cpu.js';
import type { EventDetails } from './reporter.js';

/** What the governor does now; percent of one core. */
export interface ThrottleState {
  readonly ceilingPct: number;
  /** The agent's own share, of the last half minute; null before the first look. */
  readonly ownCpuPct: number | null;
  readonly shed: readonly Shed[];
}

export interface ThrottleParts {
  readonly ceilingPct: number;
  /** Of the processes. */
  readonly processors: () => ProcessorTimes;
  /** What calls in the shadow have cost since the start, microseconds: runners count them as calls. */
  readonly shadowMicros: () => number;
  /** What this agent can leave out, and how. */
  readonly switches: Readonly<Partial<Record<Shed, (isShed: boolean) => void>>>;
  /** Told of every change. */
  readonly onChange: (shed: readonly Shed[], details: EventDetails) => void;
  readonly clock: Clock;
}

/** What each step is, in words for people. */
const names: Readonly<Record<Shed, string>> = {
  inputs: 'counting watched inputs',
  shadow: 'asking canaries in the shadow',
  features: 'counting features of outputs',
  trace: 'keeping single calls',
};

/** Keeps the agent's own processor time under its ceiling: looks, decides by the governor, and switches. */
export class Throttle {
  readonly #parts: ThrottleParts;
  readonly #steps: readonly Shed[];
  #ceilingPct: number;
  #governing: Governing = ungoverned;
  #last: { readonly times: ProcessorTimes; readonly shadowMicros: number; readonly atMs: number } | undefined;
  #cancel: (() => void) | undefined;

  constructor(parts: ThrottleParts) {
    this.#parts = parts;
    this.#ceilingPct = parts.ceilingPct;
    this.#steps = shedOrder.filter((step) => parts.switches[step] !== undefined);
  }

  get state(): ThrottleState {
    const shed = this.#steps.slice(0, this.#governing.shed);
    return { ceilingPct: this.#ceilingPct, ownCpuPct: this.#governing.meanPct, shed };
  }

  start(): void {
    this.#last = this.#times();
    this.#cancel ??= this.#parts.clock.after(lookMs, () => this.#look());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** An order may lower it, never lift it above what is configured here [T-5]. */
  setCeiling(ceilingPct: number): void {
    this.#ceilingPct = Math.min(ceilingPct, this.#parts.ceilingPct);
  }

  #look(): void {
    this.#cancel = this.#parts.clock.after(lookMs, () => this.#look());
    const now = this.#times();
    const last = this.#last ?? now;
    this.#last = now;
    const elapsedMs = now.atMs - last.atMs;
    // A machine that slept, or a look that comes at once after a long stall: nothing can be said of it.
    if (elapsedMs <= 0) return;
    const own = ownMicros(last.times, now.times) + now.shadowMicros - last.shadowMicros;
    const rules = { ceilingPct: this.#ceilingPct, steps: this.#steps.length };
    const before = this.#governing;
    const after = govern(before, own / elapsedMs / 10, now.atMs, rules);
    this.#governing = after;
    this.#switch(before.shed, after.shed);
  }

  #switch(before: number, after: number): void {
    const step = this.#steps[Math.min(before, after)];
    if (before === after || step === undefined) return;
    const isShed = after > before;
    this.#parts.switches[step]?.(isShed);
    const pct = `${(this.#governing.meanPct ?? 0).toFixed(1)} % of a core`;
    const message = isShed
      ? `the agent itself took ${pct}, above ${this.#ceilingPct} %: it stops ${names[step]}`
      : `the agent itself took ${pct}, well below ${this.#ceilingPct} %: it is ${names[step]} again`;
    this.#parts.onChange(this.state.shed, { code: isShed ? `shed-${step}` : `resumed-${step}`, message });
  }

  #times() {
    const { processors, shadowMicros, clock } = this.#parts;
    return { times: processors(), shadowMicros: shadowMicros(), atMs: clock.now().monotonicMs };
  }
}

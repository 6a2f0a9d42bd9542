import type { RunnerExit } from '@bellwether/agent/inference/engine';
import type { LaneLimits } from '@bellwether/agent/inference/model-lane';
import type { Served } from '@bellwether/agent/inference/served';
import { Serving } from '@bellwether/agent/inference/serving';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import { ManualClock } from './manual-clock.js';
import { ObservedCalls } from './observed-calls.js';
import { ScriptedRunner, scriptedModel } from './scripted-runner.js';
import { trialParts } from './trial-parts.js';

const defaultLimits: LaneLimits = { queueLength: 2, deadlineMs: 10_000, drainMs: 30_000 };

/** Serving over scripted runners and a manual clock, and everything it tells. */
export class ServingWorld {
  readonly clock = new ManualClock();
  readonly observer = new ObservedCalls();
  /** Runners that somebody should replace. */
  readonly deaths: { readonly model: VerifiedModel; readonly exit: RunnerExit }[] = [];
  readonly serving: Serving;
  /** Of digits@1.0.0 and digits@1.1.0; neither serves yet. */
  readonly first = new ScriptedRunner(scriptedModel('1.0.0'));
  readonly second = new ScriptedRunner(scriptedModel('1.1.0'));

  constructor(limits: Partial<LaneLimits> = {}) {
    const { clock, observer, deaths } = this;
    const onRunnerDied = (model: VerifiedModel, exit: RunnerExit): void => void deaths.push({ model, exit });
    this.serving = new Serving({
      clock,
      observer,
      trials: trialParts(),
      limits: { ...defaultLimits, ...limits },
      onRunnerDied,
    });
  }

  /** A call of digits: the release that answered, or the code. */
  infer(version?: string): Promise<string> {
    return outcomeOf(this.serving.infer('digits', { inputs: [], ...(version === undefined ? {} : { version }) }));
  }

  /** Lets promises that have settled run their course. */
  settled(): Promise<void> {
    return this.clock.advance(0);
  }
}

/** How a call ended: the release that answered, or the code. */
export function outcomeOf(answer: Promise<Served>): Promise<string> {
  return answer.then(
    (served) => served.release,
    (error: unknown) => (error as { code: string }).code,
  );
}

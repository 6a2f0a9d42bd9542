import type { Clock } from '@bellwether/shared/clock';
import { releaseOf } from '@bellwether/shared/models/manifest';
import {
  type Engine,
  type ProbeResult,
  type Runner,
  type RunnerAnswer,
  type RunnerCall,
  RunnerError,
  type RunnerExit,
  type RunnerUsage,
} from '../inference/engine.js';
import type { VerifiedModel } from '../installs/verified-model.js';
import type { RunnerTrust } from '../trust/runner-trust.js';
import type { CallScript } from './call-script.js';
import { scriptedOutputs } from './scripted-answer.js';

const probe: ProbeResult = { verifyMs: 0, loadMs: 0, goldenVectors: 0, p99Micros: 0, rssBytes: 0 };

export interface ScriptedEngineParts {
  /** Draws the next call of a release. */
  readonly drawCall: (release: string) => CallScript;
  readonly clock: Clock;
}

/** Runners that load nothing and verify nothing: they answer as their script says. */
export class ScriptedEngine implements Engine {
  readonly #parts: ScriptedEngineParts;

  constructor(parts: ScriptedEngineParts) {
    this.#parts = parts;
  }

  start(model: VerifiedModel, _trust: RunnerTrust, signal: AbortSignal): Promise<Runner> {
    signal.throwIfAborted();
    return Promise.resolve(new ScriptedRunner(model, this.#parts));
  }
}

class ScriptedRunner implements Runner {
  readonly model: VerifiedModel;
  readonly pid = 0;
  readonly probe = probe;
  readonly exited: Promise<RunnerExit>;
  readonly #release: string;
  readonly #parts: ScriptedEngineParts;
  readonly #ending = new AbortController();
  #end: (exit: RunnerExit) => void = () => {};

  constructor(model: VerifiedModel, parts: ScriptedEngineParts) {
    this.model = model;
    this.#release = releaseOf(model.manifest);
    this.#parts = parts;
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async infer(_call: RunnerCall, deadlineMs: number): Promise<RunnerAnswer> {
    const { drawCall, clock } = this.#parts;
    if (this.#ending.signal.aborted) throw new RunnerError('stopped', `${this.#release} has been stopped`);
    const script = drawCall(this.#release);
    if (script.kind === 'death') throw this.#die('runner-died', `${this.#release} died of a call`);
    const { latencyMs } = script;
    // A timer is no finer than a millisecond; what is shorter is only said.
    if (latencyMs >= 1) await clock.sleep(Math.min(latencyMs, deadlineMs), this.#ending.signal);
    if (this.#ending.signal.aborted) throw new RunnerError('stopped', `${this.#release} was stopped`);
    if (latencyMs > deadlineMs) throw this.#die('deadline', `${this.#release} took longer than ${deadlineMs} ms`);
    if (script.kind === 'error') throw new RunnerError('engine', `${this.#release} failed a call, as scripted`);
    return { outputs: scriptedOutputs(this.model.manifest, script), computeMicros: Math.round(latencyMs * 1000) };
  }

  usage(): RunnerUsage {
    return { cpuMicros: 0, computeMicros: 0, rssBytes: 0 };
  }

  stop(): Promise<void> {
    this.#ending.abort();
    this.#end({ asked: true, code: 0, signal: null });
    return Promise.resolve();
  }

  #die(code: 'runner-died' | 'deadline', message: string): RunnerError {
    this.#ending.abort();
    this.#end({ asked: false, code: null, signal: 'SIGKILL' });
    return new RunnerError(code, message);
  }
}

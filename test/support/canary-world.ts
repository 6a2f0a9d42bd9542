import type { CanarySettings } from '@bellwether/agent/inference/canary-settings';
import type { Tensor } from '@bellwether/agent/inference/engine';
import type { LaneLimits } from '@bellwether/agent/inference/model-lane';
import type { Served } from '@bellwether/agent/inference/served';
import { Serving } from '@bellwether/agent/inference/serving';
import { Recorder } from '@bellwether/agent/telemetry/recorder';
import type { EvidenceWindow } from '@bellwether/shared/contract/evidence-window';
import { decodeWindow, type Window } from '@bellwether/shared/contract/window';
import type { Manifest } from '@bellwether/shared/models/manifest';
import { ManualClock } from './manual-clock.js';
import { ScriptedRunner, scriptedModel } from './scripted-runner.js';
import { trialParts } from './trial-parts.js';

const limits: LaneLimits = { queueLength: 100, deadlineMs: 10_000, drainMs: 30_000 };

/** What an order says of a canary, where a test says nothing else. */
export const canarySettings: CanarySettings = {
  rollout: 'r7',
  step: 1,
  mode: 'split',
  share: 5000,
  salt: '000102030405060708090a0b0c0d0e0f',
};

/** An answer of two probabilities, or with a number that is not finite. */
export function probabilities(yes: number): Tensor[] {
  return [{ name: 'y', dtype: 'FP32', shape: [1, 2], data: new Uint8Array(Float32Array.of(1 - yes, yes).buffer) }];
}

/** A stable release and a canary over scripted runners, and the evidence that goes into windows. */
export class CanaryWorld {
  readonly clock = new ManualClock();
  readonly recorder = new Recorder(this.clock.now());
  readonly stable: ScriptedRunner;
  readonly canary: ScriptedRunner;
  readonly serving: Serving;
  readonly trips: string[] = [];
  readonly deaths: string[] = [];
  suspicions = 0;
  #sequence = 0;

  constructor(changes: Partial<Manifest> = {}, laneLimits: Partial<LaneLimits> = {}) {
    this.stable = new ScriptedRunner(scriptedModel('1.0.0', changes));
    this.canary = new ScriptedRunner(scriptedModel('1.1.0', changes));
    const { clock, recorder } = this;
    this.serving = new Serving({
      clock,
      observer: recorder,
      limits: { ...limits, ...laneLimits },
      onRunnerDied: () => void this.deaths.push('stable'),
      onCanaryDied: () => void this.deaths.push('canary'),
      trials: trialParts({
        evidence: recorder.evidence,
        onTripped: (_release, reason) => {
          this.trips.push(reason);
          void this.serving.dropCanary('digits');
        },
        onSuspicion: () => {
          this.suspicions++;
        },
      }),
    });
    this.serving.swap(this.stable);
  }

  /** The canary takes its part. */
  begin(changes: Partial<CanarySettings> = {}): void {
    this.serving.setCanary(this.canary, { ...canarySettings, ...changes });
  }

  /** One call; what became of it is up to `answer`, which sees the runner that got it. */
  async call(
    answer: (runner: ScriptedRunner, index: number) => void = answerAll(100),
    about: { readonly stateKey?: string; readonly reset?: boolean } = {},
  ): Promise<Served | { readonly code: string }> {
    const before = [this.stable.calls.length, this.canary.calls.length] as const;
    const done = this.serving
      .infer('digits', { inputs: [], ...about })
      .catch((error: unknown) => error as { readonly code: string });
    const over = new AbortController();
    void done.then(() => over.abort());
    const seen = { stable: before[0], canary: before[1] };
    for (let turn = 0; turn < 50 && !over.signal.aborted; turn++) {
      await this.clock.advance(0);
      for (const [arm, runner] of [['stable', this.stable] as const, ['canary', this.canary] as const]) {
        while (seen[arm] < runner.calls.length) answer(runner, seen[arm]++);
      }
    }
    await this.clock.advance(0);
    return done;
  }

  /** The window that is open, as it would travel. */
  window(): Window {
    const window = this.recorder.takeWindow(this.clock.now(), {
      device: 'meadow-0123456789abcdef',
      runId: '5e'.repeat(16),
      bootId: 'boot',
      sequence: this.#sequence++,
      host: {
        cores: 1,
        agentCpuPct: 0,
        runnersCpuPct: 0,
        agentRssBytes: 0,
        runnersRssBytes: 0,
        load1: 0,
        memoryTotalBytes: 0,
        memoryAvailableBytes: 0,
        diskTotalBytes: 0,
        diskFreeBytes: 0,
        temperatureC: null,
      },
      outbox: { waiting: 0, bytes: 0, lostWindows: 0, lostEvents: 0 },
    });
    return decodeWindow(Buffer.from(JSON.stringify(window)));
  }

  /** What the open window says of canaries. */
  evidence(): readonly EvidenceWindow[] {
    return this.window().evidence ?? [];
  }
}

/** Every runner answers after so many microseconds. */
export function answerAll(computeMicros: number) {
  return (runner: ScriptedRunner, index: number): void => {
    runner.calls[index]?.answer({ outputs: probabilities(0.75), computeMicros });
  };
}

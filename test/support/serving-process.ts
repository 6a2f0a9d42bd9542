import { ProcessEngine } from '@bellwether/agent/inference/engine-process';
import { LocalApi } from '@bellwether/agent/inference/local-api-http';
import { Serving } from '@bellwether/agent/inference/serving';
import type { VerifiedModel } from '@bellwether/agent/installs/verified-model';
import type { RunnerTrust } from '@bellwether/agent/trust/runner-trust';
import { systemClock } from '@bellwether/shared/clock';
import { silentLog } from '@bellwether/shared/log';
import { longestGapMs } from './longest-gap.js';
import { trialParts } from './trial-parts.js';

/** What the process serves, and where. */
export interface ServingProcessSetup {
  /** The first one serves from the start. */
  readonly models: readonly VerifiedModel[];
  readonly trust: RunnerTrust;
  readonly socketPath: string;
  readonly tokenFile: string;
}

/** Its first message: the loopback port. */
export interface ServingHello {
  readonly port: number;
}

/** Puts the release of this index, started anew, in the place of what serves; answered with a SwapDone. */
export interface SwapOrder {
  readonly swapTo: number;
}

/** The longest gap of the main thread from the order until the old runner is gone. */
export interface SwapDone {
  readonly gapMs: number;
}

/** The main of a process that is the agent's way of a request and nothing else: local API, serving, runners. */
const { models, trust, socketPath, tokenFile } = JSON.parse(process.argv[2] ?? '') as ServingProcessSetup;
const ignore = (): void => {};
const observer = {
  answered: ignore,
  failed: ignore,
  judged: ignore,
  paired: ignore,
  rejected: ignore,
  runnerDied: ignore,
};
const limits = { queueLength: 64, deadlineMs: 10_000, drainMs: 30_000 };
const serving = new Serving({ clock: systemClock, observer, trials: trialParts(), limits, onRunnerDied: ignore });
const engine = new ProcessEngine({
  clock: systemClock,
  log: silentLog,
  nodePath: process.execPath,
  loadLimitMs: 60_000,
  stopGraceMs: 2_000,
  spare: false,
});

async function swapTo(index: number): Promise<void> {
  const model = models[index];
  if (model === undefined) throw new RangeError(`there is no model ${index}`);
  await serving.swap(await engine.start(model, trust, new AbortController().signal)).drained;
}

await swapTo(0);

const api = new LocalApi({
  serving,
  observer,
  clock: systemClock,
  log: silentLog,
  agentVersion: 'bench',
  isReady: () => true,
  status: () => ({}),
  config: { socketPath, loopback: { port: 0, tokenFile }, maxBodyBytes: 64 * 1024 * 1024, stopGraceMs: 1_000 },
});
await api.start();

process.on('message', (order: SwapOrder) => {
  void longestGapMs(() => swapTo(order.swapTo)).then((gapMs) => process.send?.({ gapMs } satisfies SwapDone));
});
process.on('disconnect', () => {
  void serving.stop().then(() => process.exit());
});
process.send?.({ port: api.port ?? 0 } satisfies ServingHello);

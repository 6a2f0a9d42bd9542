import { checkSchema } from '@bellwether/shared/contract/decode';
import { isRefusalCode } from '@bellwether/shared/contract/refusal';
import { messageOf } from '@bellwether/shared/errors';
import { releaseOf } from '@bellwether/shared/models/manifest';
import type { VerifiedModel } from '../installs/verified-model.js';
import { AdmissionRefusal } from '../trust/refusal.js';
import type { RunnerTrust } from '../trust/runner-trust.js';
import type { Engine, ProbeResult, Runner } from './engine.js';
import { ChildError, type ChildParts, type RunnerChild, spawnRunner } from './engine-process-child.js';
import { ProcessRunner } from './engine-process-runner.js';
import { frameTypes, fromRunner, type LoadMessage } from './runner-messages.js';

/** How a process engine is set up. */
export interface ProcessEngineParts extends Omit<ChildParts, 'script'> {
  /** The runner's main; the product's own unless a test has another. */
  readonly script?: URL;
  /** From the start of the process until it has loaded and probed the release. */
  readonly loadLimitMs: number;
  /** Keeps one more process at hand, with onnxruntime loaded and no model: swaps are quicker, memory is dearer. */
  readonly spare: boolean;
}

/** After a start the spare waits this long, so that it does not compete with the release that begins to serve. */
const spareDelayMs = 5_000;

/** Starts each runner as a process of its own. */
export class ProcessEngine implements Engine {
  readonly #parts: ProcessEngineParts;
  #spare: RunnerChild | undefined;
  /** Resolves when the probe that runs now is over. */
  #probing: Promise<void> = Promise.resolve();
  #cancelSpare = (): void => {};

  constructor(parts: ProcessEngineParts) {
    this.#parts = parts;
  }

  /** One probe at a time: two would spoil each other's latency, and refuse a release for the other's load. */
  async start(model: VerifiedModel, trust: RunnerTrust, signal: AbortSignal): Promise<Runner> {
    const before = this.#probing;
    let done = (): void => {};
    this.#probing = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    try {
      return await this.#start(model, trust, signal);
    } finally {
      done();
    }
  }

  async #start(model: VerifiedModel, trust: RunnerTrust, signal: AbortSignal): Promise<Runner> {
    signal.throwIfAborted();
    const child = this.#takeChild();
    const abort = (): void => child.kill();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const probe = await loadInto(child, model, trust, this.#parts.loadLimitMs);
      this.#parts.log.info({ release: releaseOf(model.manifest), pid: child.pid, probe }, 'a runner is ready');
      return new ProcessRunner(model, probe, child);
    } catch (thrown) {
      child.kill();
      await child.exited;
      signal.throwIfAborted();
      throw thrown;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#prepareSpare();
    }
  }

  /** Ends the spare; runners that serve are their owner's to stop. */
  async stop(): Promise<void> {
    this.#cancelSpare();
    await this.#spare?.stop();
  }

  #takeChild(): RunnerChild {
    const spare = this.#spare;
    this.#spare = undefined;
    this.#cancelSpare();
    return spare?.isAlive ? spare : this.#spawn();
  }

  #prepareSpare(): void {
    if (!this.#parts.spare) return;
    this.#cancelSpare();
    this.#cancelSpare = this.#parts.clock.after(spareDelayMs, () => {
      this.#spare = this.#spawn();
    });
  }

  #spawn(): RunnerChild {
    return spawnRunner({ script: new URL('./runner-onnx.js', import.meta.url), ...this.#parts });
  }
}

async function loadInto(
  child: RunnerChild,
  model: VerifiedModel,
  trust: RunnerTrust,
  limitMs: number,
): Promise<ProbeResult> {
  const { manifest, manifestSha256, blobFolder } = model;
  const message: LoadMessage = {
    model: manifest.model,
    version: manifest.version,
    manifestSha256,
    blobFolder,
    trust,
  };
  try {
    const { type, header } = await child.request(frameTypes.load, message, [], limitMs);
    if (type === frameTypes.loaded) return checkSchema(fromRunner.loaded, header, 'loaded');
    const refused = checkSchema(fromRunner.refused, header, 'refused');
    throw new AdmissionRefusal(isRefusalCode(refused.code) ? refused.code : 'runner-refused', refused.message);
  } catch (cause) {
    if (cause instanceof AdmissionRefusal) throw cause;
    const release = releaseOf(manifest);
    if (cause instanceof ChildError && cause.code === 'limit') {
      throw new AdmissionRefusal('probe-timeout', `${release} was not ready within ${limitMs} ms`, { cause });
    }
    throw new AdmissionRefusal('probe-died', `${release} did not survive its probe: ${messageOf(cause)}`, { cause });
  }
}

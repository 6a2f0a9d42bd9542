import { checkSchema } from '@bellwether/shared/contract/decode';
import { isRefusalCode } from '@bellwether/shared/contract/refusal';
import { messageOf } from '@bellwether/shared/errors';
import { releaseOf } from '@bellwether/shared/models/manifest';
import type { VerifiedModel } from '../installs/verified-model.js';
import { AdmissionRefusal } from '../trust/refusal.js';
import type { RunnerTrust } from '../trust/runner-trust.js';
import type { Engine, ProbeResult, Runner } from './engine.js';
import { ChildError, type RunnerChild } from './engine-process-child.js';
import { ProcessRunner } from './engine-process-runner.js';
import { type SpawnParts, spawnRunner } from './engine-process-spawn.js';
import { readProcessUsers } from './engine-process-usage.js';
import { frameTypes, fromRunner, type LoadMessage } from './runner-messages.js';
import type { RunnerUser } from './runner-user.js';

/** How a process engine is set up. */
export interface ProcessEngineParts extends Omit<SpawnParts, 'script' | 'isUrgent'> {
  /** The runner's main; the product's own unless a test has another. */
  readonly script?: URL;
  /** From the start of the process until it has loaded and probed the release. */
  readonly loadLimitMs: number;
  /** Keeps one more process at hand, with onnxruntime loaded and no model: swaps are quicker, memory is dearer. */
  readonly spare: boolean;
}

/**
 * A runner may take this much more than the budget of its manifest: while it loads it has the model twice, and big inputs
 * come on top. What it takes in peace is held against the budget itself, by its probe.
 */
const memoryHeadroom = 2;
const megabyte = 1024 ** 2;

/** After a start the spare waits this long, so that it does not compete with the release that begins to serve. */
const spareDelayMs = 5_000;

/** Starts each runner as a process of its own. */
export class ProcessEngine implements Engine {
  readonly #parts: ProcessEngineParts;
  #spare: RunnerChild | undefined;
  /** Resolves when the probe that runs now is over. */
  #probing: Promise<void> = Promise.resolve();
  #cancelSpare = (): void => {};
  #isStopped = false;

  constructor(parts: ProcessEngineParts) {
    this.#parts = parts;
  }

  /** One probe at a time: two would spoil each other's latency, and refuse a release for the other's load. */
  async start(model: VerifiedModel, trust: RunnerTrust, signal: AbortSignal, isUrgent = false): Promise<Runner> {
    const before = this.#probing;
    let done = (): void => {};
    this.#probing = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    try {
      return await this.#start(model, trust, signal, isUrgent);
    } finally {
      done();
    }
  }

  async #start(model: VerifiedModel, trust: RunnerTrust, signal: AbortSignal, isUrgent: boolean): Promise<Runner> {
    signal.throwIfAborted();
    const child = this.#takeChild(model, isUrgent);
    child.limitMemory(memoryHeadroom * model.manifest.budgets.memoryMb * megabyte);
    const abort = (): void => child.kill();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const probe = await loadInto(child, model, { ...this.#parts, trust, isUrgent });
      checkUser(child, this.#parts.user);
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
    this.#isStopped = true;
    this.#cancelSpare();
    await this.#spare?.stop();
  }

  #takeChild({ manifest }: VerifiedModel, isUrgent: boolean): RunnerChild {
    const spare = this.#spare;
    this.#spare = undefined;
    this.#cancelSpare();
    if (spare?.isAlive) return spare;
    try {
      return this.#spawn(isUrgent);
    } catch (cause) {
      if (!(cause instanceof ChildError)) throw cause;
      throw new AdmissionRefusal('runner-spawn', `${releaseOf(manifest)}: ${cause.message}`, { cause });
    }
  }

  /** Never a second one: a spare that is forgotten would live as long as the agent. */
  #prepareSpare(): void {
    this.#cancelSpare();
    if (!this.#parts.spare || this.#isStopped) return;
    this.#cancelSpare = this.#parts.clock.after(spareDelayMs, () => {
      if (this.#spare?.isAlive) return;
      try {
        this.#spare = this.#spawn(false);
      } catch (error) {
        this.#parts.log.warn({ err: messageOf(error) }, 'no spare runner for now');
      }
    });
  }

  #spawn(isUrgent: boolean): RunnerChild {
    return spawnRunner({ script: new URL('./runner-onnx.js', import.meta.url), ...this.#parts, isUrgent });
  }
}

/** The runner says that it has become somebody else; the kernel says whether it is so. */
function checkUser({ pid }: RunnerChild, user: RunnerUser | undefined): void {
  if (user === undefined) return;
  const users = readProcessUsers(pid);
  if (users.length > 0 && users.every((uid) => uid === user.uid)) return;
  throw new AdmissionRefusal(
    'runner-refused',
    `the runner has the user ids ${users.join(', ')} instead of ${user.uid}`,
  );
}

interface LoadParts extends Pick<ProcessEngineParts, 'loadLimitMs' | 'user'> {
  readonly trust: RunnerTrust;
  readonly isUrgent: boolean;
}

async function loadInto(
  child: RunnerChild,
  model: VerifiedModel,
  { loadLimitMs: limitMs, user, trust, isUrgent }: LoadParts,
): Promise<ProbeResult> {
  const { manifest, manifestSha256, blobFolder } = model;
  const message: LoadMessage = {
    model: manifest.model,
    version: manifest.version,
    manifestSha256,
    blobFolder,
    trust,
    isUrgent,
    ...(user === undefined ? {} : { user }),
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
    if (cause instanceof ChildError && cause.code === 'memory') {
      throw new AdmissionRefusal('memory', `${release}: ${cause.message}`, { cause });
    }
    throw new AdmissionRefusal('probe-died', `${release} did not survive its probe: ${messageOf(cause)}`, { cause });
  }
}

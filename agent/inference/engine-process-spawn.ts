import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CodedError, messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { ChildError, type ChildParts, RunnerChild } from './engine-process-child.js';
import { RunnerLink } from './runner-link-process.js';
import { yieldArgument } from './runner-priority-os.js';
import type { RunnerUser } from './runner-user.js';

/** How much of a runner's stderr is logged in its whole life. */
const maxStderrBytes = 16 * 1024;

/** A runner's memory is its model: the collector runs once after loading, and its young generation stays small. */
const nodeOptions = ['--expose-gc', '--max-semi-space-size=1'];

/**
 * What a runner with a user of its own is started through (util-linux): no privileges by set-user-id programs, and a
 * network of its own with nothing in it. Both become the runner by exec(2): its pid is theirs.
 */
const confinement = ['/usr/bin/setpriv', '--no-new-privs', '--', '/usr/bin/unshare', '--net', '--ipc', '--'];

/** Short of memory, the kernel ends runners before anything that it weighs alike, and so before the agent (proc(5): -1000 … 1000). */
const oomScoreAdjustment = '500';

/** Runners cannot get a user of their own here; the message says what failed. */
export class RunnerUserError extends CodedError<'runner-user'> {}

export interface SpawnParts extends ChildParts {
  /** The node that runs it, and the script. */
  readonly nodePath: string;
  readonly script: URL;
  /** Who the runner becomes before it loads a model. */
  readonly user?: RunnerUser | undefined;
  /** Calls wait for it: it begins with the agent's priority. */
  readonly isUrgent: boolean;
}

/**
 * Starts a runner's process: an empty environment, and of descriptors only stderr, which is logged, and one end of a
 * socket pair as number 3. Throws ChildError `spawn` when there is no process to be had.
 */
export function spawnRunner(parts: SpawnParts): RunnerChild {
  const { nodePath, script, user, isUrgent, log } = parts;
  const runner = [nodePath, ...nodeOptions, fileURLToPath(script), ...(isUrgent ? [] : [yieldArgument])];
  const command = [...(user === undefined ? [] : confinement), ...runner];
  const child = spawnOrFail(command, log);
  const socket = child.stdio[3];
  if (!(socket instanceof Socket)) throw new TypeError('a piped descriptor is not a socket');
  offerToOomKiller(child, log);
  logStderr(child, log);
  const started = new RunnerChild(child, new RunnerLink(socket), parts);
  started.start();
  return started;
}

/** Tries what `spawnRunner` does for a user of its own, with a program that does nothing; rejects with RunnerUserError. */
export async function checkConfinement(): Promise<void> {
  const [program, ...args] = [...confinement, '/bin/true'];
  try {
    await promisify(execFile)(program, args, { env: {} });
  } catch (cause) {
    const text = `runnerUser needs an agent that is started as root, with util-linux: ${messageOf(cause).trim()}`;
    throw new RunnerUserError('runner-user', text, { cause });
  }
}

/** EAGAIN and ENOENT come as an event, ENOMEM is thrown, and after EMFILE there are not even streams: each is no process. */
function spawnOrFail([program = '', ...args]: readonly string[], log: Log): ChildProcess {
  let child: ChildProcess;
  try {
    child = spawn(program, args, { env: {}, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  } catch (cause) {
    throw new ChildError('spawn', `no process for a runner: ${messageOf(cause)}`, { cause });
  }
  child.once('error', (err) => log.error({ err }, 'a runner could not be started'));
  if (child.pid === undefined)
    throw new ChildError('spawn', `no process for a runner: ${program} could not be started`);
  return child;
}

function offerToOomKiller({ pid }: ChildProcess, log: Log): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, oomScoreAdjustment);
  } catch (error) {
    // It is gone already, or a container does not let us: the limit on its memory still holds.
    log.debug({ err: messageOf(error) }, 'a runner keeps its place before the OOM killer');
  }
}

function logStderr(child: ChildProcess, log: Log): void {
  let left = maxStderrBytes;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (left <= 0) return;
    log.warn({ pid: child.pid, stderr: text.slice(0, left).trimEnd() }, 'a runner wrote to stderr');
    left -= text.length;
  });
}

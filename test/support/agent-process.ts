import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type AgentStatus, decodeStatus } from '@bellwether/agent/status';
import { type LocalReply, localRequest } from './local-http.js';

const agentMain = fileURLToPath(new URL('../../../agent/dist/main.js', import.meta.url));

/** A line of the agent's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A real agent, as a process with a state folder. */
export class AgentProcess {
  readonly folder: string;
  readonly lines: LogLine[] = [];
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();

  private constructor(folder: string, child: ChildProcess) {
    this.folder = folder;
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve({ code, signal });
        this.#wake();
      });
    });
    if (child.stdout !== null) {
      createInterface(child.stdout).on('line', (line) => {
        if (line.startsWith('{')) this.lines.push(JSON.parse(line) as LogLine);
        this.#wake();
      });
    }
  }

  /** Starts `bellwether-agent run` below `folder` and resolves when it listens. `settings` as in agent.yaml. */
  static async start(folder: string, settings: Readonly<Record<string, unknown>>): Promise<AgentProcess> {
    const agent = await AgentProcess.spawn(folder, settings);
    await agent.logged('agent started');
    return agent;
  }

  /** As `start`, without waiting for it. `env` is added to the environment. */
  static async spawn(
    folder: string,
    settings: Readonly<Record<string, unknown>>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<AgentProcess> {
    return new AgentProcess(folder, spawnAgent(['run', '--config', await writeConfig(folder, settings)], env));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get socketPath(): string {
    return join(this.folder, 'state', 'run', 'agent.sock');
  }

  /** The first line with this sentence; rejects when the agent ends before. */
  async logged(sentence: string): Promise<LogLine> {
    await this.until(() => this.lines.some(({ msg }) => msg === sentence), sentence);
    return this.lines.find(({ msg }) => msg === sentence) ?? { msg: sentence };
  }

  /** Resolves when a look at the log finds it so. */
  async until(isSo: () => boolean, what: string): Promise<void> {
    while (!isSo()) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`the agent ended before: ${what}\n${JSON.stringify(this.lines.slice(-5), null, 1)}`);
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  async status(): Promise<AgentStatus> {
    return decodeStatus((await this.get('/bellwether/status')).body);
  }

  get(path: string): Promise<LocalReply> {
    return localRequest({ socketPath: this.socketPath }, path);
  }

  /** Asks until the status is as wanted. */
  async untilStatus(isWanted: (status: AgentStatus) => boolean): Promise<AgentStatus> {
    for (;;) {
      const status = await this.status();
      if (isWanted(status)) return status;
      if (this.#child.exitCode !== null) throw new Error('the agent ended');
      const { length } = this.lines;
      // A change of state is a line of the log; a poll would only be a guess.
      await Promise.race([this.until(() => this.lines.length > length, 'a change'), pause()]);
    }
  }

  infer(model: string, body: unknown): Promise<LocalReply> {
    return this.post(`/v2/models/${model}/infer`, body);
  }

  post(path: string, body: unknown): Promise<LocalReply> {
    return localRequest({ socketPath: this.socketPath }, path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** SIGTERM, and its end. */
  async stop(): Promise<ProcessEnd> {
    this.kill('SIGTERM');
    return this.ended;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}

/** Runs one command of `bellwether-agent` to its end. */
export async function runAgentCommand(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const child = spawnAgent(args);
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const [stdout, stderr] = await Promise.all([outputOf(child.stdout), outputOf(child.stderr)]);
  return { code: await ended, stdout, stderr };
}

/** Writes agent.yaml (JSON is YAML) into a folder; answers its path. */
export async function writeConfig(folder: string, settings: Readonly<Record<string, unknown>>): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'agent.yaml');
  const config = { name: 'meadow', stateFolder: join(folder, 'state'), startSpreadMs: 0, ...settings };
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

function spawnAgent(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn(process.execPath, ['--enable-source-maps', agentMain, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function outputOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  return stream === null ? Promise.resolve('') : text(stream);
}

/** What the log does not tell (a report, a probation) is looked for now and then. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 200);
  });
}

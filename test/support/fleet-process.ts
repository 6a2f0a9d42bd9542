import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeviceView, TelemetrySummary, TokenReply } from '@bellwether/control-plane/http/operator-api';
import { initDevelopmentKeys, initProductionKeys } from '@bellwether/control-plane/publisher/key-set-disk';
import { messageOf } from '@bellwether/shared/errors';
import { runVerb } from './cli-verb.js';

const cliMain = fileURLToPath(import.meta.resolve('@bellwether/control-plane/cli/main'));
const agentMain = fileURLToPath(import.meta.resolve('@bellwether/agent/main'));

/** Of every key of a quick production set. */
export const quickPassphrase = 'correct horse battery staple';

/** An agent as a process of its own. */
export interface AgentProcess {
  readonly child: ChildProcess;
  readonly name: string;
  readonly socketPath: string;
  readonly stateFolder: string;
  /** What it has logged so far. */
  readonly log: () => string;
}

/** A control plane and agents as real processes, in a temporary folder, as an operator would have them. */
export class FleetProcesses {
  readonly folder: string;
  readonly #serveOptions: readonly string[];
  readonly #children: ChildProcess[] = [];
  #server: ChildProcess | undefined;
  /** The end of what it wrote to stderr: why it ended, where it did. */
  #serverSaid = '';
  #httpUrl = '';
  #mqttUrl = '';
  #token = '';

  private constructor(folder: string, serveOptions: readonly string[] = []) {
    this.folder = folder;
    this.#serveOptions = serveOptions;
  }

  /** Starts a control plane with a development key set for these families, and with these options of `serve` more. */
  static async start(families: readonly string[], ...serveOptions: readonly string[]): Promise<FleetProcesses> {
    const fleet = new FleetProcesses(await mkdtemp(join(tmpdir(), 'bellwether-fleet-')), serveOptions);
    await initDevelopmentKeys(fleet.keys, families, Date.now());
    await fleet.startServer();
    return fleet;
  }

  /** Starts a control plane with the production key set that `bellwether keys init` makes, given these options more. */
  static async startProduction(...options: readonly string[]): Promise<FleetProcesses> {
    const fleet = new FleetProcesses(await mkdtemp(join(tmpdir(), 'bellwether-fleet-')));
    await writeFile(join(fleet.folder, 'passphrase'), 'correct horse battery staple\n');
    await fleet.cli('keys', 'init', '--out', fleet.keys, '--family', 'digits', ...options, ...fleet.passphrase);
    await fleet.startServer();
    return fleet;
  }

  /**
   * As `startProduction`, with 2 publishers and 2 approvers, and keys that open in a moment: for who opens them often.
   * `prepare` may add to the set before the server starts.
   */
  static async startQuickProduction(
    families: readonly string[] = ['digits'],
    prepare: (keys: string) => Promise<void> = async () => {},
  ): Promise<FleetProcesses> {
    const fleet = new FleetProcesses(await mkdtemp(join(tmpdir(), 'bellwether-fleet-')));
    await writeFile(join(fleet.folder, 'passphrase'), `${quickPassphrase}\n`);
    const people = { families, publishers: 2, approvers: 2, sealingCostLog2: 10 };
    await initProductionKeys(fleet.keys, { ...people, passphrase: async () => quickPassphrase }, Date.now());
    await prepare(fleet.keys);
    await fleet.startServer();
    return fleet;
  }

  /** Options that open every key of a production set. */
  get passphrase(): readonly string[] {
    return ['--passphrase-file', join(this.folder, 'passphrase')];
  }

  get keys(): string {
    return join(this.folder, 'keys');
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  get serverPid(): number {
    return this.#server?.pid ?? 0;
  }

  get httpUrl(): string {
    return this.#httpUrl;
  }

  get token(): string {
    return this.#token;
  }

  /** Starts the control plane; again, on the ports that it had before. `env` is added to its environment. */
  async startServer(env: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
    const args = ['serve', '--data', this.data, '--keys', join(this.keys, 'server'), '--json', '--log-level', 'error'];
    const ports = ['--http-port', portOf(this.#httpUrl), '--mqtt-port', portOf(this.#mqttUrl)];
    const child = this.#spawn(cliMain, [...args, ...ports, ...this.#serveOptions], env);
    this.#server = child;
    this.#serverSaid = '';
    child.stderr?.on('data', (part: Buffer) => {
      this.#serverSaid = (this.#serverSaid + part.toString()).slice(-4000);
    });
    const ready = JSON.parse(await readyText(child)) as { readonly httpUrl: string; readonly mqttUrl: string };
    this.#httpUrl = ready.httpUrl;
    this.#mqttUrl = ready.mqttUrl;
    this.#token = (await readFile(join(this.data, 'operator.token'), 'utf8')).trim();
    return child;
  }

  /** Ends the control plane by a signal. */
  async stopServer(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#server !== undefined) await endOf(this.#server, signal);
  }

  /** Runs a verb of the operator's CLI to its end and answers with what it printed; throws with its words when it fails. */
  cli(...verb: readonly string[]): Promise<string> {
    return runVerb(verb, { httpUrl: this.#httpUrl, token: this.#token });
  }

  /** Runs a verb of `bellwether-agent` with the configuration of an agent that was started here. */
  agentCli(name: string, ...verb: readonly string[]): Promise<string> {
    return printedByAgent([...verb, '--config', this.agentFile(name)]);
  }

  /** The configuration of an agent that was started here. */
  agentFile(name: string): string {
    return join(this.folder, name, 'agent.yaml');
  }

  async publish(releaseFolder: string, release: string): Promise<void> {
    await this.cli('release', 'publish', releaseFolder, '--key', join(this.keys, 'publisher.key'));
    await this.cli('release', 'approve', release, '--key', join(this.keys, 'approver.key'));
  }

  /** The JSON of a request below /api/v1 that must succeed; with a body it is a POST. */
  async api<Reply>(path: string, body?: unknown): Promise<Reply> {
    const headers = { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' };
    const sent = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
    const reply = await fetch(`${this.#httpUrl}/api/v1${path}`, sent).catch((cause: unknown) => {
      const ended = this.#server?.exitCode ?? this.#server?.signalCode ?? null;
      const why = ended === null ? 'the server runs' : `the server has ended with ${ended}: ${this.#serverSaid}`;
      throw new Error(`${path}: ${messageOf(cause)}; ${why}`, { cause });
    });
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as Reply;
  }

  /** Starts an agent that enrols by itself; `config` is added to its configuration, `labels` come with its token. */
  async startAgent(
    name: string,
    config: Readonly<Record<string, unknown>> = {},
    labels: Readonly<Record<string, string>> = {},
  ): Promise<AgentProcess> {
    const folder = join(this.folder, name);
    const stateFolder = join(folder, 'state');
    const socketPath = join(folder, 'agent.sock');
    await mkdir(folder, { recursive: true });
    const { token: joinToken } = await this.api<TokenReply>('/tokens', { labels });
    const file = this.agentFile(name);
    const root = { file: join(this.keys, 'root.json') };
    const server = { url: this.#httpUrl };
    const all = {
      name,
      stateFolder,
      server,
      joinToken,
      root,
      allowDevelopment: true,
      localApi: { socketPath },
      ...config,
    };
    await writeFile(file, JSON.stringify(all), { mode: 0o600 });
    return this.restartAgent(name, file, { socketPath, stateFolder });
  }

  /** Starts an agent process on a configuration file that is there. */
  restartAgent(
    name: string,
    file: string,
    { socketPath, stateFolder }: Pick<AgentProcess, 'socketPath' | 'stateFolder'>,
  ): AgentProcess {
    const child = this.#spawn(agentMain, ['run', '--config', file]);
    let log = '';
    const keep = (part: Buffer): void => {
      log = (log + part.toString()).slice(-200_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    return { child, name, socketPath, stateFolder, log: () => log };
  }

  /** Asks for the devices until they are as they should be; throws after a minute with what it waited for. */
  async until(what: string, isSo: (devices: readonly DeviceView[]) => boolean): Promise<readonly DeviceView[]> {
    const endMs = performance.now() + 60_000;
    for (;;) {
      const { devices } = await this.api<{ readonly devices: readonly DeviceView[] }>('/devices');
      if (isSo(devices)) return devices;
      if (performance.now() > endMs) throw new Error(`waited a minute until ${what}: ${JSON.stringify(devices)}`);
      await new Promise((resolve) => {
        setTimeout(resolve, 50);
      });
    }
  }

  /** Asks for the number of stored windows until it is at least this. */
  async untilStored(windows: number): Promise<void> {
    for (;;) {
      const { windowsReceived } = await this.api<TelemetrySummary>('/telemetry/summary');
      if (windowsReceived >= windows) return;
    }
  }

  /** Ends every process by its id and removes the folder. */
  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => endOf(child)));
    await rm(this.folder, { recursive: true, force: true });
  }

  #spawn(main: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(process.execPath, [main, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    return child;
  }
}

/** The release that a device serves of a model, as its last report says. */
export function servedVersion(device: DeviceView, model: string): string | undefined {
  return device.report?.models.find((each) => each.model === model)?.serving?.version;
}

/** Resident memory of a process in bytes (proc(5), statm). */
export function residentBytes(pid: number): number {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1] ?? 0);
  return pages * 4096;
}

/** The port of a URL; 0, any that is free, when there is none yet. */
function portOf(url: string): string {
  return url === '' ? '0' : new URL(url).port;
}

async function printedByAgent(verb: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [agentMain, ...verb], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  child.stdout.on('data', (part: Buffer) => {
    printed += part.toString();
  });
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said += part.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${verb.join(' ')}: ${said.trim()}`);
  return printed;
}

async function readyText(child: ChildProcess): Promise<string> {
  let text = '';
  let said = '';
  child.stderr?.on('data', (part: Buffer) => {
    said = (said + part.toString()).slice(-10_000);
  });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`bellwether serve ended with ${code}: ${said}`)));
    child.stdout?.on('data', (part: Buffer) => {
      text += part.toString();
      if (text.trimEnd().endsWith('}')) resolve(text);
    });
  });
}

async function endOf(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

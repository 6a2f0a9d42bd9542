import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TokenReply } from '@bellwether/control-plane/http/operator-api';
import { approveRelease } from '@bellwether/control-plane/publisher/approve';
import type { Signer } from '@bellwether/control-plane/publisher/list-release';
import { publishRelease } from '@bellwether/control-plane/publisher/publish';
import { readRelease } from '@bellwether/control-plane/publisher/release-source-disk';
import type { Trial } from '@bellwether/control-plane/publisher/release-trial';
import { ServerConnection } from '@bellwether/control-plane/publisher/server-http';
import { openTrustedRepository } from '@bellwether/control-plane/publisher/trusted-repository-tuf';
import { parseReleaseId } from '@bellwether/shared/ids';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import { AgentProcess } from './agent-process.js';
import { diesAt, type Moment } from './dies-at.js';
import { digitsFolder, imageOf, readSplit } from './digits.js';
import { trustingTrial } from './release-signers.js';
import { startServer, type TestServer } from './server.js';

const examples = fileURLToPath(digitsFolder);

/** A real control plane and a real agent beside it. */
export class AgentWorld {
  readonly folder: string;
  readonly server: TestServer;
  #agent: AgentProcess | undefined;

  private constructor(folder: string, server: TestServer) {
    this.folder = folder;
    this.server = server;
  }

  static async start(): Promise<AgentWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-agents-'));
    return new AgentWorld(folder, await startServer(['digits']));
  }

  get agent(): AgentProcess {
    if (this.#agent === undefined) throw new Error('no agent was started');
    return this.#agent;
  }

  /** Starts the agent: the same device, when it was started before. */
  async startAgent(settings: Readonly<Record<string, unknown>> = {}): Promise<AgentProcess> {
    const { token } = await this.server.read<TokenReply>('/tokens', { uses: 1 });
    return this.#begin({ ...this.#online(token), ...settings });
  }

  /** Starts the agent after the server has gone for good. */
  async startAgentAlone(): Promise<AgentProcess> {
    return this.#begin({
      server: { url: 'http://127.0.0.1:9' },
      root: { file: join(this.server.keys, 'root.json') },
      allowDevelopment: true,
    });
  }

  /** As `startAgent`, of a process that dies at a moment. Resolves when it is there, listening or not. */
  async startMortalAgent(moment: Moment, settings: Readonly<Record<string, unknown>> = {}): Promise<AgentProcess> {
    const { token } = await this.server.read<TokenReply>('/tokens', { uses: 1 });
    return this.#spawn({ ...this.#online(token), ...settings }, diesAt(moment));
  }

  /** Publishes and approves a release, `digits@1.0.0`: from the folder of that version among the examples, or another. */
  async publish(release: string, from = examples): Promise<void> {
    const id = parseReleaseId(release);
    if (id === undefined) throw new Error(`${release} is no release`);
    await publishRelease(await readRelease(join(from, id.version)), await this.#signer('publisher'), () => {});
    await approveRelease(id, await this.#signer('approver'), () => {});
  }

  /** Publishes a release, rolls it out to all, and waits until the agent serves it. */
  async serve(release: string): Promise<void> {
    await this.publish(release);
    await this.rollOut(release);
    await this.agent.untilStatus(({ models }) =>
      models.some(({ serving }) => release.endsWith(`@${serving?.version}`)),
    );
  }

  async rollOut(release: string): Promise<void> {
    await this.server.read('/rollouts', { release, to: { all: true } });
  }

  async stop(): Promise<void> {
    this.#agent?.kill('SIGKILL');
    await this.#agent?.ended;
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #begin(settings: Readonly<Record<string, unknown>>): Promise<AgentProcess> {
    const agent = await this.#spawn(settings);
    await agent.logged('agent started');
    return agent;
  }

  async #spawn(
    settings: Readonly<Record<string, unknown>>,
    env?: Readonly<Record<string, string>>,
  ): Promise<AgentProcess> {
    this.#agent = await AgentProcess.spawn(join(this.folder, 'device'), settings, env);
    return this.#agent;
  }

  #online(joinToken: string): Readonly<Record<string, unknown>> {
    return {
      server: { url: this.server.httpUrl },
      root: { file: join(this.server.keys, 'root.json') },
      allowDevelopment: true,
      joinToken,
    };
  }

  async #signer(use: 'publisher' | 'approver'): Promise<Signer & { readonly trial: Trial }> {
    const { keys, httpUrl, operatorToken } = this.server;
    const machine = join(this.folder, 'laptop');
    await mkdir(machine, { recursive: true });
    return {
      trial: trustingTrial,
      key: await readKeyFile(join(keys, `${use}.key`)),
      repository: openTrustedRepository({
        serverUrl: httpUrl,
        root: await readFile(join(keys, 'root.json')),
        trustedFile: join(machine, `${use}.trusted.json`),
      }),
      server: new ServerConnection(httpUrl, operatorToken),
      nowMs: Date.now(),
    };
  }
}

const stream = readSplit('stream');

/** A digit of the stream split, as an Open Inference Protocol request. */
export function digitRequest(index: number) {
  const data = [...imageOf(stream, index % stream.count)];
  return { inputs: [{ name: 'image', datatype: 'FP32', shape: [1, 1, 28, 28], data }] };
}

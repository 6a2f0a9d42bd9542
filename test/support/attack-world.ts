import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, buildAgent } from '@bellwether/agent/agent';
import { openAgentParts } from '@bellwether/agent/build-agent-parts';
import { parseConfig, socketPathOf } from '@bellwether/agent/config';
import { ProcessEngine } from '@bellwether/agent/inference/engine-process';
import { LogMemory } from '@bellwether/agent/inquiries/log-memory';
import type { DeviceTrust } from '@bellwether/agent/trust/device-trust';
import { openDeviceTrust, type TrustGuards } from '@bellwether/agent/trust/device-trust-disk';
import { updateInThread } from '@bellwether/agent/trust/repository-tuf-thread';
import { type TrustRules, trustRules } from '@bellwether/agent/trust/trust-rules';
import { UplinkMqtt } from '@bellwether/agent/uplink/uplink-mqtt';
import { systemClock } from '@bellwether/shared/clock';
import type { TimePayload } from '@bellwether/shared/contract/http-api';
import type { Order } from '@bellwether/shared/contract/order';
import { decodeReport, type Report } from '@bellwether/shared/contract/report';
import { deviceTopic } from '@bellwether/shared/contract/topics';
import { silentLog } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import { sealEnvelope } from '@bellwether/shared/signing/envelope';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { attackRelease, attackRequest } from './attack-release.js';
import { dropMetadata } from './attack-state.js';
import { type Broker, type BrokerMessage, startBroker } from './broker.js';
import { freePort } from './free-port.js';
import { JumpClock } from './jump-clock.js';
import { localRequest } from './local-http.js';
import { uncheckedRunner } from './runner-world.js';
import type { SampleRelease } from './sample-release.js';
import { modelsOf, signedOrder } from './signed-order.js';
import { type RepositoryOptions, SignedRepository } from './signed-repository.js';
import { type StaticServer, startStaticServer } from './static-server.js';

/** The guards that a control replaces; what is left out is the product's own. */
export interface Openings {
  readonly rules?: Partial<TrustRules>;
  readonly update?: TrustGuards['update'];
  /** A runner that believes everything, in the place of the runner's own verifier. */
  readonly runner?: boolean;
  /** A canary whose lease never ends. */
  readonly endlessLease?: boolean;
  /** A start that takes torn metadata for none, in the place of the product's refusal. */
  readonly dropTornFiles?: boolean;
}

export interface AttackWorldOptions extends RepositoryOptions {
  readonly stage?: 'staging' | 'production';
  /** The local API listens on a loopback port too. */
  readonly loopback?: boolean;
  /** Of one call; the agent's own limit when left out. */
  readonly deadlineMs?: number;
}

const runId = 'a7'.repeat(16);

/**
 * A signed repository behind a real web server, a real broker, and a real agent between them with its own runners, whose
 * device serves digits@1.0.0. Tests play the owner of all keys, and the attacker.
 */
export class AttackWorld {
  readonly folder: string;
  readonly repository: SignedRepository;
  readonly server: StaticServer;
  readonly broker: Broker;
  readonly first = attackRelease('1.0.0');
  /** The agent's. */
  readonly clock = new JumpClock();
  readonly #stage: 'staging' | 'production';
  readonly #openings: Openings;
  /** Of the local API; undefined when it listens on its socket only. */
  readonly #port: number | undefined;
  readonly #deadlineMs: number | undefined;
  /** What the last order that was taken made of it. */
  logLevel = 'info';
  /** Messages of earlier lives of the agent. */
  #earlier: ReadonlySet<BrokerMessage> = new Set();
  #generation = 0;
  #agent: { readonly agent: Agent; readonly trust: DeviceTrust; readonly close: () => Promise<void> } | undefined;
  #device: Order['device'] = { id: '', fingerprint: '' };

  private constructor(
    parts: Pick<AttackWorld, 'folder' | 'repository' | 'server' | 'broker'>,
    {
      stage,
      port,
      deadlineMs,
    }: {
      readonly stage: 'staging' | 'production';
      readonly port: number | undefined;
      readonly deadlineMs: number | undefined;
    },
    openings: Openings,
  ) {
    this.folder = parts.folder;
    this.repository = parts.repository;
    this.server = parts.server;
    this.broker = parts.broker;
    this.#stage = stage;
    this.#port = port;
    this.#deadlineMs = deadlineMs;
    this.#openings = openings;
  }

  /** Everything but the agent. */
  static async create(
    { stage = 'production', loopback = false, deadlineMs, ...options }: AttackWorldOptions,
    openings: Openings,
  ): Promise<AttackWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-attack-'));
    const repository = await SignedRepository.create(join(folder, 'plane'), ['digits', 'vad'], options);
    const server = await startStaticServer(repository.folder);
    const port = loopback ? await freePort() : undefined;
    const broker = await startBroker();
    return new AttackWorld({ folder, repository, server, broker }, { stage, port, deadlineMs }, openings);
  }

  get stateFolder(): string {
    return join(this.folder, 'state');
  }

  get device(): Order['device'] {
    return this.#device;
  }

  get trust(): DeviceTrust {
    if (this.#agent === undefined) throw new Error('the agent does not run');
    return this.#agent.trust;
  }

  /** Where the local API listens beside its socket, and the token of its file; with the option `loopback`. */
  async loopback(): Promise<{ readonly port: number; readonly token: string }> {
    const token = await readFile(join(this.stateFolder, 'run', 'api.token'), 'utf8');
    return { port: this.#port ?? 0, token: token.trim() };
  }

  get socketPath(): string {
    return socketPathOf({ localApi: {}, stateFolder: this.stateFolder });
  }

  /** The generation of the order that was signed last. */
  get generation(): number {
    return this.#generation;
  }

  /** The order's bytes that were published first, second … */
  recordedOrder(index: number): Uint8Array {
    const topic = deviceTopic(this.device.id, 'order');
    return this.broker.messages.filter((message) => message.topic === topic)[index]?.payload ?? new Uint8Array();
  }

  /** Starts the agent; again, when it ran before. Rejects with what keeps it from starting. */
  async startAgent(): Promise<void> {
    if (this.#openings.dropTornFiles === true && this.#device.id !== '') await dropMetadata(this.stateFolder);
    this.#earlier = new Set(this.broker.messages);
    const config = parseConfig(JSON.stringify(this.#config()), {});
    const runtime = {
      pid: process.pid,
      nodePath: process.execPath,
      about: { version: '0', node: process.versions.node, platform: process.platform, arch: process.arch },
      runId,
      logs: new LogMemory({ clock: this.clock }),
      setLogLevel: (level: string) => {
        this.logLevel = level;
      },
      clock: this.clock,
      random: () => 0.5,
      log: silentLog,
    };
    const { parts, close } = await openAgentParts(config, runtime, new AbortController().signal);
    const { device, fingerprint } = parts.identity;
    this.#device = { id: device, fingerprint };
    const openSession = () => Promise.resolve({ mqttUrl: this.broker.url, token: 'any' });
    const uplink = new UplinkMqtt({ device, runId, openSession, clock: systemClock, log: silentLog, random: () => 0 });
    const opened = (await this.#openedTrust()) ?? parts.trust;
    const trust = this.#openings.endlessLease === true ? withEndlessLease(opened, this.clock) : opened;
    const engine = this.#openings.runner === true ? this.#believingEngine() : parts.engine;
    const agent = await buildAgent({ ...parts, uplink, trust, engine });
    await agent.start();
    this.#agent = { agent, trust, close };
  }

  async stopAgent(): Promise<void> {
    const running = this.#agent;
    this.#agent = undefined;
    await running?.agent.stop();
    await running?.close();
  }

  async stop(): Promise<void> {
    await this.stopAgent();
    await this.broker.stop();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  }

  /** The release that answers an application now, `digits@1.0.0`; the status when none does. */
  async served(model = 'digits'): Promise<string> {
    const { status, json } = await localRequest({ socketPath: this.socketPath }, `/v2/models/${model}/infer`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(attackRequest),
    });
    if (status !== 200) return `nothing: ${status}`;
    const { parameters } = json() as { readonly parameters: { readonly release: string } };
    return parameters.release;
  }

  /** Resolves when the agent, started last, reports that it serves the release. */
  async untilServing({ version }: SampleRelease): Promise<void> {
    await this.untilReport(({ models }) => models.some(({ serving }) => serving?.version === version));
  }

  /** Resolves when applications are answered by the release. */
  async untilServed(release: string): Promise<void> {
    while ((await this.served()) !== release) await systemClock.sleep(5);
  }

  /** Resolves when the device's records of installs say this. */
  async untilInstalls(text: string): Promise<void> {
    const path = join(this.stateFolder, 'installs.json');
    while (!(await readFile(path, 'utf8')).includes(text)) await systemClock.sleep(5);
  }

  /** Resolves when the agent has reported what the test waits for. */
  async untilReport(isSo: (report: Report) => boolean): Promise<void> {
    const topic = deviceTopic(this.device.id, 'report');
    await this.broker.untilMessage(
      (message) => !this.#earlier.has(message) && message.topic === topic && isSo(reportOf(message)),
    );
  }

  /** Where the canary of the first model stands now, as the agent says on its local API. */
  async canaryState(): Promise<string | undefined> {
    const { json } = await localRequest({ socketPath: this.socketPath }, '/bellwether/status', {});
    const { models } = json() as Pick<Report, 'models'>;
    return models[0]?.canary?.state;
  }

  /** The owner publishes a release and orders it; resolves when it serves. */
  async serve(release: SampleRelease): Promise<void> {
    await this.repository.addRelease(release);
    const code = await this.offer(release);
    if (code !== 'passed') throw new Error(`digits@${release.version} is refused with ${code}`);
  }

  /** A next order, signed by the director, for these releases: what a device does with them is its code, or `passed`. */
  async offer(release: SampleRelease, changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { model, version } = release;
    const envelope = this.order({ models: modelsOf(release), ...changes });
    const isJudged = (report: Report): boolean => {
      const found = report.models.find((each) => each.model === model);
      return found?.serving?.version === version || found?.refusal?.version === version || report.orderRefusal !== null;
    };
    const report = await this.#publish(envelope, isJudged);
    const found = report.models.find((each) => each.model === model);
    if (found?.serving?.version === version) return 'passed';
    return report.orderRefusal?.code ?? found?.refusal?.code ?? 'none';
  }

  /** Sends an order's bytes: the code of its refusal, or `passed` when the device stands by it. */
  async send(envelope: Uint8Array): Promise<string> {
    const { payload } = JSON.parse(Buffer.from(envelope).toString()) as { readonly payload: string };
    const digest = sha256(Buffer.from(payload, 'base64'));
    const isJudged = ({ observed, orderRefusal }: Report): boolean =>
      orderRefusal !== null || observed?.digest === digest;
    const { orderRefusal } = await this.#publish(envelope, isJudged);
    return orderRefusal?.code ?? 'passed';
  }

  /** An order's envelope: the next generation for this device by the director, with these changes. */
  order(changes: Readonly<Record<string, unknown>>, director: KeyPair = this.repository.keys.director): Uint8Array {
    this.#generation++;
    return signedOrder(director, { device: this.device, generation: this.#generation, ...changes });
  }

  /** A signed time reaches the device: whether it believes it. */
  tellTime(timeMs: number, key: KeyPair = this.repository.keys.time, order?: TimePayload['order']): boolean {
    const deviceNonce = 'cd'.repeat(32);
    const time = sealEnvelope('time', { deviceNonce, timeMs, ...(order && { order }) }, [key]);
    return this.trust.offerTime(time, deviceNonce);
  }

  /** The first report after the order was published that tells of it. */
  async #publish(envelope: Uint8Array, isJudged: (report: Report) => boolean): Promise<Report> {
    const before = new Set(this.broker.messages);
    const topic = deviceTopic(this.device.id, 'report');
    const judged = this.broker.untilMessage(
      (message) => !before.has(message) && message.topic === topic && isJudged(reportOf(message)),
    );
    await this.broker.publish(deviceTopic(this.device.id, 'order'), envelope, true);
    return reportOf(await judged);
  }

  #config() {
    return {
      name: 'meadow',
      stateFolder: this.stateFolder,
      // Not the artefact plane, so no token is asked for: the uplink has its own session here.
      server: { url: 'http://127.0.0.1:9' },
      artefacts: { url: this.server.url },
      root: { sha256: this.repository.rootSha256 },
      stage: this.#stage,
      startSpreadMs: 0,
      // Its processor time is that of the whole test.
      governor: { cpuPct: 100 },
      ...(this.#port === undefined ? {} : { localApi: { loopbackPort: this.#port } }),
      ...(this.#deadlineMs === undefined ? {} : { limits: { deadlineMs: this.#deadlineMs } }),
    };
  }

  /** The device's trust with the guards of a control; undefined when it is the product's own. */
  async #openedTrust(): Promise<DeviceTrust | undefined> {
    const { rules, update } = this.#openings;
    if (rules === undefined && update === undefined) return undefined;
    const options = {
      folder: join(this.stateFolder, 'trust'),
      baseUrl: this.server.url,
      stage: this.#stage,
      allowDevelopment: false,
      root: { sha256: this.repository.rootSha256 },
      device: this.#device,
      clock: systemClock,
      log: silentLog,
    };
    return openDeviceTrust(options, { rules: { ...trustRules, ...rules }, update: update ?? updateInThread });
  }

  #believingEngine(): ProcessEngine {
    return new ProcessEngine({
      clock: systemClock,
      log: silentLog,
      nodePath: process.execPath,
      stopGraceMs: 2000,
      loadLimitMs: 20_000,
      spare: false,
      script: uncheckedRunner,
    });
  }
}

/** The same trust, which says that signed time came just now. */
function withEndlessLease(trust: DeviceTrust, clock: JumpClock): DeviceTrust {
  return new Proxy(trust, {
    get: (target, name) => {
      if (name === 'leaseFromMs') return clock.now().monotonicMs;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function reportOf(message: BrokerMessage): Report {
  return decodeReport(reportBytes(message.payload));
}

/** A report is JSON, or an envelope over it. */
function reportBytes(bytes: Buffer): Buffer {
  const { payload } = JSON.parse(bytes.toString()) as { readonly payload?: string };
  return payload === undefined ? bytes : Buffer.from(payload, 'base64');
}

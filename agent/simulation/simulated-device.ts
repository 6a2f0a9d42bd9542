import { randomBytes } from 'node:crypto';
import type { Clock } from '@bellwether/shared/clock';
import type { SessionAudience } from '@bellwether/shared/contract/http-api';
import { decodeReport } from '@bellwether/shared/contract/report';
import type { Log } from '@bellwether/shared/log';
import { type Agent, buildAgent } from '../agent.js';
import type { AgentParts } from '../agent-parts.js';
import type { AgentConfig } from '../config.js';
import { EnrolmentError, type EnrolmentServer, type Session } from '../identity/enrolment.js';
import { Membership } from '../identity/membership.js';
import type { ReceiptChain } from '../identity/receipt-chain.js';
import { openReceiptChain } from '../identity/receipt-chain-disk.js';
import { AnswersHttp } from '../inquiries/answers-http.js';
import type { Artifacts } from '../installs/artifacts.js';
import type { DeviceTrust } from '../trust/device-trust.js';
import type { Repository } from '../trust/repository.js';
import { UplinkMqtt } from '../uplink/uplink-mqtt.js';
import type { DeviceBehaviour } from './behaviour.js';
import { drawCall } from './call-script.js';
import type { DeviceDice } from './device-dice.js';
import { DeviceNetwork } from './device-network.js';
import type { FleetTally } from './fleet-tally.js';
import { MemoryOutbox } from './outbox-memory.js';
import { MemoryReleases } from './release-store-memory.js';
import { ScriptedEngine } from './scripted-engine.js';
import { DeviceBlobs, type SharedBlobs } from './shared-blobs.js';
import { SimulatedIdentity } from './simulated-identity.js';
import { host, machine, processors } from './simulated-machine.js';
import { type FirstTrust, simulatedTrust } from './simulated-trust.js';
import { SimulatedUplink } from './simulated-uplink.js';
import { Traffic } from './traffic.js';
import type { Turnstile } from './turnstile.js';

/** What all devices of a process share. */
export interface SharedParts {
  readonly config: AgentConfig;
  readonly about: AgentParts['reportIdentity']['agent'];
  readonly ca: string | undefined;
  readonly server: EnrolmentServer;
  /** Devices go through it one session at a time, enrolment and all: the first is there before the last begins. */
  readonly door: Turnstile;
  readonly firstTrust: FirstTrust;
  readonly repository: Repository;
  readonly blobs: SharedBlobs;
  readonly tally: FleetTally;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export interface SimulatedDeviceOptions {
  readonly name: string;
  readonly joinToken: string;
  readonly behaviour: DeviceBehaviour;
  readonly dice: DeviceDice;
}

/** One start of a device's agent. */
interface Life {
  readonly agent: Agent;
  readonly uplink: UplinkMqtt;
  readonly traffic: Traffic;
  /** What it tells nobody after its end. */
  readonly closeOutbox: () => Promise<void>;
}

/** One device: the real agent over memory, a network of its own that can fail, and runners that answer as scripted. */
export class SimulatedDevice {
  readonly network = new DeviceNetwork();
  readonly outbox = new MemoryOutbox();
  readonly #identity: SimulatedIdentity;
  readonly #shared: SharedParts;
  readonly #options: SimulatedDeviceOptions;
  readonly #receipts: Promise<ReceiptChain>;
  readonly #releases = new MemoryReleases();
  readonly #blobs: DeviceBlobs;
  readonly #trust: DeviceTrust;
  readonly #membership: Membership;
  readonly #begunMs: number;
  /** Each release has its own sequence of answers, through every start of the agent. */
  readonly #answers = new Map<string, () => number>();
  readonly #arrivals: () => number;
  #isRefused = false;
  #life: Life | undefined;

  constructor(options: SimulatedDeviceOptions, shared: SharedParts) {
    const { clock, log } = shared;
    this.#options = options;
    this.#shared = shared;
    this.#begunMs = clock.now().monotonicMs;
    this.#arrivals = options.dice('calls');
    const identity = new SimulatedIdentity(options.name);
    this.#identity = identity;
    const repository = this.network.repository(shared.repository);
    const { device, fingerprint } = identity;
    this.#trust = simulatedTrust(shared.firstTrust, { id: device, fingerprint }, { repository, clock, log });
    const offerTime = (envelope: Uint8Array, nonce: string): void => {
      this.#trust.offerTime(envelope, nonce);
    };
    const { server } = shared;
    this.#membership = new Membership({ identity, server, joinToken: options.joinToken, offerTime, clock, log });
    this.#blobs = new DeviceBlobs(shared.blobs, clock, options.behaviour.slowLinkBytesPerSecond);
    // The chain's end is kept by the chain itself: there is no file to read or to write.
    const path = `/nonexistent/${device}`;
    this.#receipts = openReceiptChain({ path, identity, replaceFile: () => Promise.resolve(), log });
  }

  get isEnrolled(): boolean {
    return this.#identity.enrolled;
  }

  get isConnected(): boolean {
    return this.#life?.uplink.connected ?? false;
  }

  /** The server said no to its last session: decommissioned, rejected, or not approved yet. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Starts its agent. */
  async start(): Promise<void> {
    const runId = randomBytes(16).toString('hex');
    const { clock, random, log, ca, tally } = this.#shared;
    const { behaviour } = this.#options;
    const { device } = this.#identity;
    const uplink = new UplinkMqtt({
      device,
      runId,
      openSession: async (signal) => {
        if (this.#trust.versions === null) await this.#trust.refresh(signal);
        const session = await this.openSession('mqtt', signal);
        return { ...session, mqttUrl: this.#shared.config.mqtt.url ?? session.mqttUrl };
      },
      ca,
      clock,
      log,
      random,
    });
    const outbox = this.outbox.open();
    const agent = await buildAgent({
      ...(await this.#parts(runId)),
      outbox,
      uplink: new SimulatedUplink({
        mqtt: uplink,
        isSilent: behaviour.silent,
        onPublished: (topic, payload) => {
          if (topic === 'report') tally.reported(decodeReport(payload), clock.now().wallMs);
        },
      }),
    });
    const traffic = new Traffic({
      serving: agent.serving,
      models: () => Object.keys(this.#trust.accepted?.order.models ?? {}),
      requestsPerSecond: behaviour.requestsPerSecond,
      counts: tally.calls,
      clock,
      random: this.#arrivals,
    });
    this.#life = { agent, uplink, traffic, closeOutbox: () => outbox.close() };
    await agent.start();
    traffic.start();
  }

  /** Loses its network as by a cut cable, or has it again; the agent comes back by its own back-off. */
  setNetwork(isUp: boolean): void {
    this.network.set(isUp);
    if (!isUp) this.#life?.uplink.interrupt('the simulated network is down');
  }

  /** Ends its agent as a kill does: the open window is lost, what waited in the outbox is not, and nobody says goodbye. */
  async crash(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    await life.closeOutbox();
    life.traffic.stop();
    life.uplink.interrupt('the simulated device crashed');
    await life.agent.stop();
  }

  /** Stops its agent as SIGTERM does. */
  async stop(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    life?.traffic.stop();
    await life?.agent.stop();
  }

  /** A session of this device, while it has a network; rejects with EnrolmentError. */
  async openSession(audience: SessionAudience, signal: AbortSignal): Promise<Session> {
    const { door } = this.#shared;
    try {
      const session = await this.network.session(() => door.pass(() => this.#membership.openSession(audience, signal)));
      this.#isRefused = false;
      return session;
    } catch (cause) {
      if (cause instanceof EnrolmentError && cause.code.endsWith('-refused')) this.#isRefused = true;
      throw cause;
    }
  }

  async #parts(runId: string): Promise<Omit<AgentParts, 'uplink' | 'outbox'>> {
    const { config, about, clock, random, log } = this.#shared;
    const { behaviour } = this.#options;
    const begunMs = this.#begunMs;
    const draw = (release: string) =>
      drawCall(behaviour, release, clock.now().monotonicMs - begunMs, this.#answersOf(release));
    const identity = this.#identity;
    const { device } = identity;
    const openAnswers = (signal: AbortSignal) => this.openSession('answers', signal);
    const answers = new AnswersHttp({ serverUrl: config.server.url, openSession: openAnswers, clock });
    return {
      config,
      identity,
      receipts: await this.#receipts,
      reportIdentity: { device, runId, bootId: 'simulated', agent: about, stage: config.stage },
      localApi: null,
      trust: this.#trust,
      releases: this.#releases,
      blobs: this.#blobs,
      artifacts: this.#reachable(this.#blobs),
      engine: new ScriptedEngine({ drawCall: draw, clock }),
      meetServer: (signal) => this.openSession('artefacts', signal),
      askTime: async (signal) => {
        await this.openSession('artefacts', signal);
      },
      hostMetrics: () => Promise.resolve({ measure: () => Promise.resolve(host), processors: () => processors }),
      availableMemory: () => host.memoryAvailableBytes,
      readMachine: () => Promise.resolve(machine),
      starts: { news: [], keep: () => Promise.resolve() },
      logs: { newest: () => ({ lines: [], dropped: 0 }) },
      sendAnswer: (id, answer, signal) => answers.send(id, answer, signal),
      setLogLevel: () => {},
      clock,
      random,
      log,
    };
  }

  #answersOf(release: string): () => number {
    const answers = this.#answers.get(release) ?? this.#options.dice(`answers of ${release}`);
    this.#answers.set(release, answers);
    return answers;
  }

  #reachable(artifacts: Artifacts): Artifacts {
    return {
      fetch: async (blob, signal, onBytes) => {
        this.network.require();
        return artifacts.fetch(blob, signal, onBytes);
      },
    };
  }
}

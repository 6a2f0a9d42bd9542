import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import type { ConsumerReply } from '@bellwether/control-plane/consumers/consumer-api';
import type { Grant } from '@bellwether/control-plane/consumers/grant';
import type { ServeOptions } from '@bellwether/control-plane/main';
import { sha256 } from '@bellwether/shared/signing/digest';
import { connectOnce, type FleetDevice } from './fleet-device.js';
import { connectPacket, RawMqtt } from './raw-mqtt.js';
import { startServer, type TestServer } from './server.js';
import { storedBlob } from './server-blob.js';
import { bytesOf, windowOf } from './telemetry-messages.js';

/** A message that somebody honest got. */
export interface Heard {
  readonly topic: string;
  readonly payload: string;
}

/** What an external broker would ask about somebody. */
export interface HookAsk {
  readonly userName: string;
  readonly clientId: string;
  readonly action: 'publish' | 'subscribe';
  readonly topic: string;
}

/** Longer than an honest device may have to wait for anything, on a machine that does other things as well. */
const patienceMs = 15_000;

/**
 * A real server with people on it: `victim`, a device that is connected and has its order; `bystander`, a device that says
 * something now and then; `commuter`, a device that comes and goes; `lake`, a consumer that hears the whole fleet. And those who attack: `mallory`, a device, and
 * `narrow`, a consumer that may read windows of devices at site v, where the victim is and the bystander is not.
 */
export class ServerWorld {
  readonly server: TestServer;
  readonly victim: FleetDevice;
  readonly bystander: FleetDevice;
  readonly commuter: FleetDevice;
  readonly mallory: FleetDevice;
  readonly narrow: ConsumerReply;
  /** The digest of a blob that is there. */
  readonly blob: string;
  /** Everything that the lake has heard, oldest first. */
  readonly heard: Heard[] = [];
  readonly #hasOrders: boolean;
  readonly #lake: MqttClient;
  readonly #lakeAccount: ConsumerReply;
  readonly #victimClient: MqttClient;
  readonly #bystanderClient: MqttClient;
  #sequence = 0;
  #token: Promise<string> | undefined;

  private constructor(
    parts: Pick<ServerWorld, 'server' | 'victim' | 'bystander' | 'commuter' | 'mallory' | 'narrow' | 'blob'>,
    accounts: { readonly lake: MqttClient; readonly lakeAccount: ConsumerReply; readonly hasOrders: boolean },
    clients: { readonly victim: MqttClient; readonly bystander: MqttClient },
  ) {
    this.server = parts.server;
    this.victim = parts.victim;
    this.bystander = parts.bystander;
    this.commuter = parts.commuter;
    this.mallory = parts.mallory;
    this.narrow = parts.narrow;
    this.blob = parts.blob;
    this.#hasOrders = accounts.hasOrders;
    this.#lake = accounts.lake;
    this.#lakeAccount = accounts.lakeAccount;
    this.#victimClient = clients.victim;
    this.#bystanderClient = clients.bystander;
    this.#lake.on('message', (topic, payload) => this.heard.push({ topic, payload: payload.toString() }));
  }

  /** `hasOrders`: devices are ordered to run a release; without, it starts faster. */
  static async start(options: ServeOptions = {}, hasOrders = true): Promise<ServerWorld> {
    // How fast one device may send is tried by itself (server-flood.test.ts): here it would come before the guards that are tried.
    const server = await startServer(['digits'], { deviceMessages: 100_000, ...options });
    if (hasOrders) {
      await server.publishDigits('1.0.0');
      await server.read('/rollouts', { release: 'digits@1.0.0', to: { labels: {} } });
    }
    const account = (name: string, grant: Grant) => server.read<ConsumerReply>('/consumers', { name, grant });
    const lakeAccount = await account('lake', { kinds: ['report', 'presence', 'window', 'event'], labels: {} });
    const parts = {
      server,
      victim: await server.enrolled('victim', { site: 'v' }),
      bystander: await server.enrolled('bystander', { site: 'a' }),
      commuter: await server.enrolled('commuter', { site: 'c' }),
      mallory: await server.enrolled('mallory', { site: 'm' }),
      narrow: await account('narrow', { kinds: ['window'], labels: { site: 'v' } }),
      blob: await storedBlob(server),
    };
    const { userName, password } = lakeAccount;
    const lake = await connectOnce(server.mqttUrl, { clientId: userName, username: userName, password });
    const clients = { victim: await parts.victim.connect(), bystander: await parts.bystander.connect() };
    const world = new ServerWorld(parts, { lake, lakeAccount, hasOrders }, clients);
    // The first session of each is in the audit log: what comes later changes nothing there.
    await Promise.all([world.mallorysToken(), parts.commuter.openSession()]);
    for (const kind of lakeAccount.grant.kinds) await lake.subscribeAsync(`bw/v1/+/+/${kind}`, { qos: 1 });
    return world;
  }

  async stop(): Promise<void> {
    for (const client of [this.#lake, this.#victimClient, this.#bystanderClient]) client.end(true);
    await this.server.stop();
  }

  /** What honest people get: the victim its retained order, on the connection that it had; the lake what devices say. */
  async served(): Promise<string> {
    if (!this.#victimClient.connected) return 'nothing: the victim was thrown off';
    const order = await this.victimsOrder();
    const word = await inTime(
      this.barrier().then(() => 'windows'),
      'no windows',
    );
    return `order ${sha256(Buffer.from(order)).slice(0, 8)}, ${word}`;
  }

  /** The order that stands for the victim, as it gets it on its own connection. */
  victimsOrder(): Promise<string> {
    return inTime(nextRetained(this.#victimClient, this.victim.topic('order')), '');
  }

  /** Whether the commuter comes back as soon as it should: session, connection, and its order where there are any. */
  async isLetBackIn(): Promise<boolean> {
    const device = this.commuter;
    const comeBack = async (): Promise<boolean> => {
      const client = await device.connect({ will: undefined });
      try {
        await client.subscribeAsync(device.topic('order'), { qos: 1 });
        return this.#hasOrders ? (await nextRetained(client, device.topic('order'))) !== '' : true;
      } finally {
        client.end(true);
      }
    };
    // A broker that closes the connection keeps it out as well.
    return inTime(
      comeBack().catch(() => false),
      false,
    );
  }

  /** Resolves when the lake has heard all that went out before. */
  async barrier(): Promise<void> {
    const sequence = this.#sequence++;
    const topic = this.bystander.topic('window');
    const isBack = new Promise<void>((resolve) => {
      const look = (on: string, payload: Buffer): void => {
        if (on !== topic || !payload.includes(`"sequence":${sequence},`)) return;
        this.#lake.off('message', look);
        resolve();
      };
      this.#lake.on('message', look);
    });
    await this.#bystanderClient.publishAsync(topic, bytesOf(windowOf({ device: this.bystander.id, sequence })), {
      qos: 1,
    });
    await isBack;
  }

  /** Whether anybody honest has got a message with this in it, now that everything has gone out. */
  async isHeard(marker: string): Promise<boolean> {
    await this.barrier();
    return this.heard.some(({ payload }) => payload.includes(marker));
  }

  /** What somebody gets who asks for a topic's retained message: a new connection of the lake. Empty when there is none. */
  async retained(topic: string): Promise<string> {
    const { userName, password } = this.#lakeAccount;
    const client = await connectOnce(this.server.mqttUrl, { clientId: `${userName}_2`, username: userName, password });
    const got: string[] = [];
    client.on('message', (on, payload) => {
      if (on === topic) got.push(payload.toString());
    });
    await client.subscribeAsync(topic, { qos: 1 });
    await this.barrier();
    client.end(true);
    return got[0] ?? '';
  }

  /** One session for all that mallory does: a device that opens many is slowed down. */
  async mallorysToken(): Promise<string> {
    this.#token ??= this.mallory.openSession().then(({ token }) => token);
    return this.#token;
  }

  /** Mallory on a connection of its own, logged in with its own session. */
  async asMallory(): Promise<RawMqtt> {
    return this.#loggedIn(this.mallory.id, await this.mallorysToken());
  }

  /** The consumer that attacks, logged in with its own password. */
  asNarrow(): Promise<RawMqtt> {
    return this.#loggedIn(this.narrow.userName, this.narrow.password);
  }

  /** A connection that has said nothing yet. */
  asStranger(): Promise<RawMqtt> {
    return RawMqtt.open(this.server.mqttUrl);
  }

  /** The first external broker that would let them do it, going by what our hook answers; undefined when none would. */
  async brokerThatAllows({ userName, clientId, action, topic }: HookAsk): Promise<string | undefined> {
    const acc = action === 'publish' ? 2 : 4;
    const routingKey = topic.replaceAll('/', '.').replaceAll('+', '*');
    const permission = action === 'publish' ? 'write' : 'read';
    const allowed = {
      mosquitto: (await this.#hook('mosquitto/acl', { username: userName, clientid: clientId, topic, acc })).ok,
      emqx: (
        await (await this.#hook('emqx/acl', { username: userName, clientid: clientId, topic, action })).text()
      ).includes('allow'),
      rabbitmq:
        (await (
          await this.#hook('rabbitmq/topic', {
            username: userName,
            name: 'amq.topic',
            permission,
            routing_key: routingKey,
          })
        ).text()) === 'allow',
    };
    return Object.entries(allowed).find(([, isAllowed]) => isAllowed)?.[0];
  }

  /** The first external broker that would let somebody log in so. */
  async brokerThatLetsIn(userName: string, password: string, clientId: string): Promise<string | undefined> {
    const login = { username: userName, password, clientid: clientId };
    const allowed = {
      mosquitto: (await this.#hook('mosquitto/user', login)).ok,
      emqx: (await (await this.#hook('emqx/user', login)).text()).includes('allow'),
      rabbitmq:
        (await (await this.#hook('rabbitmq/user', { username: userName, password, client_id: clientId })).text()) ===
        'allow',
    };
    return Object.entries(allowed).find(([, isAllowed]) => isAllowed)?.[0];
  }

  async #hook(path: string, body: unknown): Promise<Response> {
    const secret = (await readFile(join(this.server.data, 'keys', 'broker-hook.secret'), 'utf8')).trim();
    return fetch(`${this.server.httpUrl}/api/v1/broker/${secret}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  async #loggedIn(userName: string, password: string): Promise<RawMqtt> {
    const raw = await this.asStranger();
    const answer = await raw.ask(connectPacket({ clientId: userName, userName, password }));
    if (answer !== 'connack-0') throw new Error(`${userName} got ${answer} instead of being let in`);
    return raw;
  }
}

/** The next message on a topic, which a subscription asks for: the broker sends what is retained at each one. */
function nextRetained(client: MqttClient, topic: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (on: string, payload: Buffer): void => {
      if (on !== topic) return;
      client.off('message', look);
      resolve(payload.toString());
    };
    client.on('message', look);
    client.subscribeAsync(topic, { qos: 1 }).catch(reject);
  });
}

/** What it comes to, or `instead` when that takes longer than anybody honest should wait. */
async function inTime<Value>(work: Promise<Value>, instead: Value): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Value>((resolve) => {
    timer = setTimeout(() => resolve(instead), patienceMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { Aedes, type AuthenticateHandler, type Client, type PublishPacket, type Subscription } from 'aedes';
import { type Clock, systemClock } from '@bellwether/shared/clock';
import { deviceTopic } from '@bellwether/shared/contract/topics';
import { CodedError, messageOf } from '@bellwether/shared/errors';
import { deviceIdPattern } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import { userNameOf, userOfClientId } from '../consumers/consumer.js';
import type { TlsFiles } from '../http/tls-files-disk.js';
import { isAllowed, type Principal } from './broker-access.js';
import { BrokerListener } from './broker-aedes-listener.js';
import { principalOf } from './broker-login.js';
import type { DeviceChannel, DeviceChannelHandlers } from './device-channel.js';
import { isAllowedWill, publishedBy } from './topic-access.js';

const deviceId = new RegExp(deviceIdPattern);

/**
 * Without these, one frozen subscriber holds everybody up for a minute (measured; FACTS, MQTT). No bound on deliveries under
 * way: what waits beyond it is taken up by recursion, and some thousands of messages that nobody subscribes to then
 * overflow the stack and end the process (m: 5,000 orders out at once, and the fleet's reports coming in). What is under way
 * is bounded by the connections, their in-flight limits and the drain time.
 */
const limits = {
  concurrency: 0,
  drainTimeout: 5000,
  connectTimeout: 10_000,
  queueLimit: 64,
  maxInflightInbound: 100,
  maxTopicLevels: 8,
};

/** Filters of one connection: a device has one, a consumer a few. */
const maxFilters = 64;

/** MQTT 3.1.1 §3.2.2.3: bad user name or password. */
const badCredentials = 4;

/** What somebody may not do; aedes closes the connection. */
class AccessError extends CodedError<'access-denied'> {}

/** Somebody who wants to log in. */
interface Attempt {
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly done: Parameters<AuthenticateHandler>[3];
}

interface BrokerOptions {
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  readonly tls?: TlsFiles | undefined;
  readonly clock?: Clock;
}

/** The embedded MQTT broker: devices, each on its own topics, and consumers, each within its grant. */
export class BrokerAedes implements DeviceChannel {
  readonly #options: BrokerOptions;
  readonly #listener: BrokerListener;
  readonly #clients = new Map<string, Client>();
  readonly #principals = new WeakMap<Client, Principal>();
  /** Every filter that a connection was granted, ended or not. */
  readonly #filters = new WeakMap<Client, Set<string>>();
  #aedes: Aedes | undefined;
  #stopping = false;

  constructor(options: BrokerOptions) {
    this.#options = options;
    const { clock = systemClock } = options;
    this.#listener = new BrokerListener({
      ...options,
      clock,
      handle: (stream) => {
        // Who comes while everybody else is closed is not kept waiting, nor the stop by them.
        if (this.#aedes === undefined) stream.destroy();
        else this.#aedes.handle(stream);
      },
    });
  }

  get url(): string {
    return this.#listener.url;
  }

  async start(handlers: DeviceChannelHandlers): Promise<void> {
    const { log } = this.#options;
    const aedes = await Aedes.createBroker({
      ...limits,
      preConnect: (_client, packet, callback) => callback(refusal(packet), refusal(packet) === null),
      authenticate: (client, username, password, done) => {
        void this.#letIn(handlers, client, { username, password, done });
      },
      authorizeSubscribe: (client, subscription, callback) =>
        callback(null, this.#granted(handlers, client, subscription)),
      authorizeForward: (client, packet) => (this.#may(handlers, client, 'receive', packet.topic) ? packet : null),
      authorizePublish: (client, packet, callback) => {
        void settle(this.#accept(handlers, client, packet), callback);
      },
    });
    this.#aedes = aedes;
    // Without a listener an 'error' would end the process; aedes' types do not name that event.
    const emitter: EventEmitter = aedes;
    emitter.on('error', (error: unknown) => {
      log.error({ err: error }, 'The broker reported an error');
    });
    aedes.on('client', (client) => {
      this.#clients.set(client.id, client);
      this.#listener.admitted(client.conn);
      // Put out after its password was judged, and before `disconnect` could find it.
      if (!this.#isStillIn(handlers, client)) client.close();
    });
    aedes.on('clientDisconnect', (client) => {
      if (this.#clients.get(client.id) === client) this.#clients.delete(client.id);
    });
    for (const event of ['clientError', 'connectionError'] as const) {
      aedes.on(event, (client, error) =>
        log.debug({ device: client.id, reason: messageOf(error) }, 'A connection ended'),
      );
    }
    await this.#listener.start();
  }

  /** Takes a connection that came another way, such as a WebSocket. */
  take(stream: Duplex, address: string): void {
    if (this.#aedes === undefined) stream.destroy();
    else this.#listener.take(stream, address);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const aedes = this.#aedes;
    this.#aedes = undefined;
    if (aedes !== undefined) await new Promise<void>((resolve) => aedes.close(resolve));
    await this.#listener.stop();
  }

  publishOrder(device: string, envelope: Uint8Array): Promise<void> {
    return this.publishRetained(deviceTopic(device, 'order'), envelope);
  }

  publishRetained(topic: string, payload: Uint8Array): Promise<void> {
    const aedes = this.#aedes;
    if (aedes === undefined) return Promise.resolve();
    const bytes = Buffer.from(payload);
    const packet: PublishPacket = { cmd: 'publish', topic, payload: bytes, qos: 1, retain: true, dup: false };
    return new Promise((resolve, reject) => {
      aedes.publish(packet, (error) => (error instanceof Error ? reject(error) : resolve()));
    });
  }

  disconnect(device: string): void {
    this.#clients.get(device)?.close();
  }

  disconnectConsumer(name: string): void {
    for (const [id, client] of this.#clients) if (userOfClientId(id) === userNameOf(name)) client.close();
  }

  async #letIn(handlers: DeviceChannelHandlers, client: Client, attempt: Attempt): Promise<void> {
    const { username: userName = '', password = Buffer.alloc(0) } = attempt;
    let principal: Principal | undefined;
    try {
      principal = await principalOf(handlers, { clientId: client.id, userName, password: password.toString() });
    } catch (cause) {
      // Who cannot be checked is not let in; the device tries again.
      this.#options.log.error({ err: cause, device: client.id }, 'A session could not be checked');
    }
    if (principal === undefined)
      this.#options.log.warn({ client: client.id }, 'Somebody was not let in: bad credentials');
    else this.#principals.set(client, principal);
    const refused = Object.assign(new Error('the session is no good'), { returnCode: badCredentials });
    attempt.done(principal === undefined ? refused : null, principal !== undefined);
  }

  #isStillIn(handlers: DeviceChannelHandlers, client: Client): boolean {
    const principal = this.#principals.get(client);
    if (principal?.kind === 'consumer') return handlers.consumers?.grantOf(principal.userName) !== undefined;
    return principal !== undefined && handlers.isMember(principal.device);
  }

  /** null is answered with the failure code 0x80 in the SUBACK. */
  #granted(handlers: DeviceChannelHandlers, client: Client, subscription: Subscription): Subscription | null {
    const filters = this.#filters.get(client) ?? new Set();
    const isMine = this.#may(handlers, client, 'subscribe', subscription.topic);
    if (isMine && subscription.qos <= 1 && filters.size < maxFilters) {
      this.#filters.set(client, filters.add(subscription.topic));
      return subscription;
    }
    this.#options.log.warn({ client: client.id, topic: subscription.topic }, 'A subscription was refused');
    return null;
  }

  /** The broker asks before each delivery too: a consumer whose device changed its labels is cut off from it at once. */
  #may(handlers: DeviceChannelHandlers, client: Client, action: 'subscribe' | 'receive', topic: string): boolean {
    const principal = this.#principals.get(client);
    if (principal === undefined) return false;
    const labelsOf = (device: string) => handlers.consumers?.labelsOf(device);
    return isAllowed(principal, { action, topic }, { labelsOf, checksDeliveries: true });
  }

  /** Runs before the PUBACK: what it awaits is durable when the device hears of it [W-6]. */
  async #accept(handlers: DeviceChannelHandlers, client: Client | null, packet: PublishPacket): Promise<void> {
    if (this.#stopping) throw new AccessError('access-denied', 'the server is stopping');
    const principal = client === null ? undefined : this.#principals.get(client);
    const device = principal?.kind === 'device' ? principal.device : '';
    const what = publishedBy(device, packet.topic);
    if (what === undefined || packet.qos > 1) {
      this.#options.log.warn({ client: client?.id, topic: packet.topic, qos: packet.qos }, 'A publish was refused');
      throw new AccessError('access-denied', `${client?.id} may not publish ${packet.topic} with QoS ${packet.qos}`);
    }
    // Only presence is retained upward: the broker keeps retained messages in memory.
    if (what !== 'presence') packet.retain = false;
    await handlers.accept(device, what, Buffer.from(packet.payload));
  }
}

/** Why a CONNECT is turned away before anything else is looked at. */
function refusal(packet: {
  readonly clientId: string;
  readonly clean?: boolean;
  readonly will?: { readonly topic: string };
}): Error | null {
  const isOurs = deviceId.test(packet.clientId) || userOfClientId(packet.clientId) !== undefined;
  if (!isOurs) return new AccessError('access-denied', 'the client id is neither a device’s nor a consumer’s');
  // What it would keep for somebody who is away has no bound but memory.
  if (packet.clean === false)
    return new AccessError('access-denied', 'the broker keeps no sessions: connect with a clean one');
  if (packet.will !== undefined && !isAllowedWill(packet.clientId, packet.will.topic)) {
    return new AccessError('access-denied', `${packet.clientId} may not leave a will on ${packet.will.topic}`);
  }
  return null;
}

/** aedes wants to be called back. */
async function settle(work: Promise<void>, callback: (error?: Error | null) => void): Promise<void> {
  let failure: Error | null = null;
  try {
    await work;
  } catch (cause) {
    failure = cause instanceof Error ? cause : new Error(messageOf(cause), { cause });
  }
  callback(failure);
}

import type { Duplex } from 'node:stream';
import { connect, type IClientOptions, MqttClient, UniqueMessageIdProvider } from 'mqtt';
import type { Clock } from '@bellwether/shared/clock';
import type { Presence } from '@bellwether/shared/contract/presence';
import { deviceTopic } from '@bellwether/shared/contract/topics';
import { messageOf } from '@bellwether/shared/errors';
import { type ProxySettings, proxyFor } from './proxy.js';
import { openTunnel } from './tunnel-http.js';
import { UplinkError } from './uplink.js';

/** What one connection needs; `password` is a session token, good for this connection only [T-11]. */
export interface ConnectionOptions {
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:`; nothing but host, port and path is taken from it. */
  readonly url: string;
  readonly password: string;
  readonly proxy: ProxySettings;
  /** Certificates that are trusted instead of Node's, PEM. */
  readonly ca: string | undefined;
  readonly device: string;
  readonly runId: string;
  readonly clock: Clock;
  readonly publishTimeoutMs: number;
  readonly orderTimeoutMs: number;
  readonly onOrder: (payload: Uint8Array) => Promise<void>;
}

/** What a stopping agent gives the broker to take its last word. */
const farewellMs = 2000;
const protocols = new Set(['mqtt:', 'mqtts:', 'ws:', 'wss:']);

/**
 * One MQTT 3.1.1 connection of one device, from CONNECT to close; it never reconnects by itself, because the next one
 * needs a new token. The session is clean: the order is retained, so there is nothing that the broker would have to keep.
 */
export class MqttConnection {
  /** Resolves with the reason when the connection is gone. It never rejects. */
  readonly closed: Promise<string>;
  readonly #client: MqttClient;
  readonly #options: ConnectionOptions;
  /** Message ids of publishes that wait for their acknowledgement. */
  readonly #inFlight = new Set<number>();
  /** The first reason: the errors that follow from it say less. */
  #why: string | undefined;

  private constructor(options: ConnectionOptions, client: MqttClient) {
    this.#options = options;
    this.#client = client;
    this.closed = new Promise((resolve) => {
      client.on('close', () => {
        client.end(true); // gives every publish that waits its error
        resolve(this.#why ?? 'the broker closed the connection');
      });
    });
  }

  /** Connects, subscribes to the order and says `online`; rejects with UplinkError `closed`, the reason in its message. */
  static async open(options: ConnectionOptions, signal: AbortSignal): Promise<MqttConnection> {
    if (signal.aborted) throw new UplinkError('closed', 'stopped');
    const connection = new MqttConnection(options, await clientOf(options, signal));
    const abort = () => connection.#fail('stopped');
    signal.addEventListener('abort', abort, { once: true });
    const limitMs = options.publishTimeoutMs;
    const cancel = options.clock.after(limitMs, () => connection.#fail(`the broker took longer than ${limitMs} ms`));
    try {
      await connection.#connect();
      await connection.#subscribe();
      await connection.#say('online');
      return connection;
    } catch (cause) {
      connection.#fail(messageOf(cause));
      throw new UplinkError('closed', await connection.closed, { cause });
    } finally {
      cancel();
      signal.removeEventListener('abort', abort);
    }
  }

  /** Publishes with QoS 1; rejects with UplinkError. A publish that the broker denies is never answered: our own time-out ends it (FACTS). */
  publish(topic: string, payload: Uint8Array, retain: boolean): Promise<void> {
    const client = this.#client;
    const { clock, publishTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      // mqtt.js would keep it in a queue of its own, which nobody bounds.
      if (!client.connected || client.disconnecting) {
        reject(new UplinkError('closed', 'the connection is closed'));
        return;
      }
      const cancel = clock.after(publishTimeoutMs, () => {
        reject(new UplinkError('timeout', `${topic}: no acknowledgement within ${publishTimeoutMs} ms`));
        client.removeOutgoingMessage(messageId);
      });
      client.publish(topic, Buffer.from(payload), { qos: 1, retain }, (error) => {
        cancel();
        this.#inFlight.delete(messageId);
        if (error instanceof Error) reject(new UplinkError('closed', messageOf(error), { cause: error }));
        else resolve();
      });
      const messageId = client.getLastMessageId();
      this.#inFlight.add(messageId);
    });
  }

  /** Says `offline` and disconnects, so that the broker has no use for the last will. What is not acknowledged by then is `closed`. */
  async close(): Promise<void> {
    const client = this.#client;
    const cancel = this.#options.clock.after(farewellMs, () => this.#fail('the broker did not take leave'));
    try {
      await this.#say('offline');
    } catch (error) {
      // The broker is gone or deaf: then the last will says it.
      this.#why ??= messageOf(error);
    }
    // mqtt.js would wait for their acknowledgements before it disconnects.
    for (const messageId of this.#inFlight) client.removeOutgoingMessage(messageId);
    client.end(false);
    await this.closed;
    cancel();
  }

  /** Ends it without a word: the broker says the last will. */
  cut(why: string): void {
    this.#fail(why);
  }

  async #connect(): Promise<void> {
    const client = this.#client;
    client.handleMessage = (packet, acknowledge) => {
      void this.#takeOrder(Buffer.from(packet.payload)).then((isTaken) => (isTaken ? acknowledge() : undefined));
    };
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      // Also the listener without which a later error would end the process.
      client.on('error', (error) => {
        this.#fail(messageOf(error));
        reject(error);
      });
      void this.closed.then((why) => reject(new UplinkError('closed', why)));
      client.connect();
    });
  }

  async #subscribe(): Promise<void> {
    const topic = deviceTopic(this.#options.device, 'order');
    try {
      await this.#client.subscribeAsync(topic, { qos: 1 });
    } catch (cause) {
      throw new UplinkError('closed', `no subscription of ${topic}: ${messageOf(cause)}`, { cause });
    }
  }

  /** False when the order could not be handled: without an acknowledgement, on the next connection it comes again. */
  async #takeOrder(payload: Uint8Array): Promise<boolean> {
    const { clock, orderTimeoutMs, onOrder } = this.#options;
    // mqtt.js reads nothing more until the acknowledgement: a handler that hangs would starve the keep-alive.
    const cancel = clock.after(orderTimeoutMs, () => this.#fail(`the order took longer than ${orderTimeoutMs} ms`));
    try {
      await onOrder(payload);
      return true;
    } catch (error) {
      this.#fail(`the order could not be handled: ${messageOf(error)}`);
      return false;
    } finally {
      cancel();
    }
  }

  #say(state: Presence['state']): Promise<void> {
    const { device, runId } = this.#options;
    return this.publish(deviceTopic(device, 'presence'), presence(state, runId), true);
  }

  #fail(why: string): void {
    this.#why ??= why;
    this.#client.end(true);
  }
}

async function clientOf(options: ConnectionOptions, signal: AbortSignal): Promise<MqttClient> {
  const url = brokerUrl(options.url);
  const proxy = proxyFor(url, options.proxy);
  const clientOptions = clientOptionsOf(options);
  if (proxy === undefined) return connect(url.href, clientOptions);
  const tunnel = await openWithin(options, signal, (abort) =>
    openTunnel({ proxy, target: url, ca: options.ca, signal: abort }),
  );
  if (!url.protocol.startsWith('ws')) return new MqttClient(() => tunnel, clientOptions);
  return connect(url.href, { ...clientOptions, wsOptions: { createConnection: () => tunnel } });
}

/** Gives a tunnel the time that the broker has, too: a proxy may be deaf. */
async function openWithin(
  { clock, publishTimeoutMs: limitMs }: ConnectionOptions,
  signal: AbortSignal,
  open: (abort: AbortSignal) => Promise<Duplex>,
): Promise<Duplex> {
  const late = new AbortController();
  const cancel = clock.after(limitMs, () => late.abort(new Error(`no tunnel within ${limitMs} ms`)));
  try {
    return await open(AbortSignal.any([signal, late.signal]));
  } finally {
    cancel();
  }
}

function clientOptionsOf({ device, runId, password, ca }: ConnectionOptions): IClientOptions {
  return {
    protocolVersion: 4,
    clientId: device,
    username: device,
    password,
    clean: true,
    keepalive: 30,
    connectTimeout: 15_000,
    reconnectPeriod: 0,
    manualConnect: true,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: 'native',
    messageIdProvider: new UniqueMessageIdProvider(),
    will: { topic: deviceTopic(device, 'presence'), payload: presence('offline', runId), qos: 1, retain: true },
    ...(ca === undefined ? {} : { ca }),
  };
}

/** The URL comes from the server's reply: mqtt.js would also take credentials and options from it. */
function brokerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !protocols.has(url.protocol)) throw new UplinkError('closed', `${text} is no MQTT URL`);
  return new URL(`${url.protocol}//${url.host}${url.pathname}`);
}

function presence(state: Presence['state'], runId: string): Buffer {
  return Buffer.from(JSON.stringify({ version: 1, state, runId } satisfies Presence));
}

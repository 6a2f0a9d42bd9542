import type { Clock } from '@bellwether/shared/clock';
import { type DeviceTopic, deviceTopic } from '@bellwether/shared/contract/topics';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { type Backoff, backoffMs } from '../reconcile/backoff.js';
import type { ProxySettings } from './proxy.js';
import { type Uplink, UplinkError, type UplinkHandlers, type UplinkStanding } from './uplink.js';
import { MqttConnection } from './uplink-mqtt-connection.js';

/** Of a fleet that lost its broker, no device waits longer than a minute. */
const reconnectBackoff: Backoff = { firstMs: 1000, maxMs: 60_000 };

/** A connection that lasted this long ended for a new reason, and the back-off begins again. A shorter one counts as a failure, so that a broker that closes at once is not hammered. */
const steadyMs = 60_000;

export interface UplinkMqttOptions {
  readonly device: string;
  /** 128 random bits of this start, hex: tells in the presence which start it was. */
  readonly runId: string;
  /** A fresh token before each connection; rejects when there is none to be had now. */
  readonly openSession: (signal: AbortSignal) => Promise<{ readonly mqttUrl: string; readonly token: string }>;
  /** None by default. */
  readonly proxy?: ProxySettings;
  /** Certificates that are trusted instead of Node's, PEM. */
  readonly ca?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** 0 … 1, for the jitter. */
  readonly random: () => number;
  readonly publishTimeoutMs?: number;
  /** How long the order handler may take. */
  readonly orderTimeoutMs?: number;
}

/** The uplink over MQTT 3.1.1 [W-1, W-2]: one connection after the other, each with a token of its own and jittered back-off between them. */
export class UplinkMqtt implements Uplink {
  readonly #options: UplinkMqttOptions;
  readonly #stopping = new AbortController();
  #connection: MqttConnection | undefined;
  #running: Promise<void> | undefined;
  #url = '';
  #why = 'not tried yet';

  constructor(options: UplinkMqttOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  get standing(): UplinkStanding {
    if (this.#connection === undefined) return { connected: false, why: this.#why };
    const url = this.#url;
    return { connected: true, url, encrypted: /^(?:mqtts|wss):/.test(url) };
  }

  start(handlers: UplinkHandlers): void {
    this.#running ??= this.#run(handlers);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#connection?.close();
    await this.#running;
  }

  /** Ends the connection as a cut cable does, without a word to the broker; the next one comes after the usual back-off. */
  interrupt(why: string): void {
    this.#connection?.cut(why);
  }

  async publish(what: Exclude<DeviceTopic, 'order' | 'presence'>, payload: Uint8Array): Promise<void> {
    if (this.#connection === undefined) throw new UplinkError('not-connected', 'there is no connection to the broker');
    await this.#connection.publish(deviceTopic(this.#options.device, what), payload, false);
  }

  async #run(handlers: UplinkHandlers): Promise<void> {
    const { clock, log, random } = this.#options;
    const signal = this.#stopping.signal;
    let failures = 0;
    while (!signal.aborted) {
      const startedMs = clock.now().monotonicMs;
      const why = await this.#connectOnce(handlers);
      this.#why = why;
      handlers.disconnected(why);
      if (signal.aborted) return;
      failures = clock.now().monotonicMs - startedMs >= steadyMs ? 0 : failures + 1;
      const delayMs = backoffMs(reconnectBackoff, Math.max(1, failures), random());
      log.warn({ why, failures, delayMs }, 'no connection to the broker; trying again');
      await clock.sleep(delayMs, signal);
    }
  }

  /** Resolves with the reason when the connection has ended or did not come about. */
  async #connectOnce(handlers: UplinkHandlers): Promise<string> {
    const {
      device,
      runId,
      clock,
      log,
      openSession,
      proxy = {},
      ca,
      publishTimeoutMs = 30_000,
      orderTimeoutMs = 20_000,
    } = this.#options;
    const signal = this.#stopping.signal;
    try {
      const { mqttUrl: url, token: password } = await openSession(signal);
      const onOrder = (payload: Uint8Array) => handlers.order(payload);
      const times = { clock, publishTimeoutMs, orderTimeoutMs };
      this.#connection = await MqttConnection.open(
        { url, password, proxy, ca, device, runId, onOrder, ...times },
        signal,
      );
      this.#url = url;
      log.info({ url }, 'connected to the broker');
      handlers.connected();
      return await this.#connection.closed;
    } catch (error) {
      return messageOf(error);
    } finally {
      this.#connection = undefined;
    }
  }
}

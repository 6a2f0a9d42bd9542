import { join } from 'node:path';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type {
  EnrolmentPayload,
  EnrolmentReply,
  KeyRotationPayload,
  NonceReply,
  SessionAudience,
  SessionPayload,
  SessionReply,
} from '@bellwether/shared/contract/http-api';
import { decodeOrder, maxOrderBytes, type Order } from '@bellwether/shared/contract/order';
import { type DeviceTopic, deviceTopic } from '@bellwether/shared/contract/topics';
import { deviceIdOf } from '@bellwether/shared/ids';
import { sha256 } from '@bellwether/shared/signing/digest';
import { openEnvelope, type PayloadType, sealEnvelope } from '@bellwether/shared/signing/envelope';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair, type KeyPair } from '@bellwether/shared/signing/key-pair';
import { bytesOf, runId } from './telemetry-messages.js';

const anyNonce = 'ab'.repeat(32);

/** A device made of its key and the wire: what the server sees of an agent. `httpUrl` is asked each time: a server that starts again has another port. */
export class FleetDevice {
  readonly id: string;
  readonly key: KeyPair;
  readonly #name: string;
  readonly #httpUrl: () => string;

  constructor(httpUrl: () => string, name: string, key: KeyPair = generateKeyPair(), id?: string) {
    this.#httpUrl = httpUrl;
    this.#name = name;
    this.key = key;
    this.id = id ?? deviceIdOf(name, key.publicKey);
  }

  /** The body of an enrolment; `changes` to what is signed. */
  enrolmentBody(joinToken: string, changes: Partial<EnrolmentPayload> = {}) {
    const tokenDigest = sha256(Buffer.from(joinToken));
    const payload = { name: this.#name, public: this.key.publicKey, tokenDigest, nonce: anyNonce, ...changes };
    return { joinToken, envelope: this.#seal('enrolment', payload) };
  }

  async enrol(joinToken: string): Promise<EnrolmentReply> {
    return await this.#expect('/enrolments', this.enrolmentBody(joinToken));
  }

  async nonce(): Promise<string> {
    return (await this.#expect<NonceReply>('/sessions/nonce', { device: this.id })).nonce;
  }

  /** The body of a login; `changes` to what is signed. */
  sessionBody(serverNonce: string, changes: Partial<SessionPayload> = {}) {
    const payload: SessionPayload = {
      device: this.id,
      serverNonce,
      deviceNonce: anyNonce,
      audience: 'mqtt',
      ...changes,
    };
    return { envelope: this.#seal('session', payload) };
  }

  /** The body of a request to go on with another key, signed by these keys. */
  keyRotationBody(serverNonce: string, next: KeyPair, signers: readonly KeyPair[] = [this.key, next]) {
    const payload: KeyRotationPayload = { device: this.id, serverNonce, newPublic: next.publicKey };
    return { envelope: JSON.parse(Buffer.from(sealEnvelope('keyRotation', payload, signers)).toString()) as unknown };
  }

  /** The same device with another key. */
  withKey(key: KeyPair): FleetDevice {
    return new FleetDevice(this.#httpUrl, this.#name, key, this.id);
  }

  async openSession(audience: SessionAudience = 'mqtt'): Promise<SessionReply> {
    return await this.#expect('/sessions', this.sessionBody(await this.nonce(), { audience }));
  }

  /** Opens a session and connects; resolves once the broker has let it in, rejects when it does not. */
  async connect(options: IClientOptions = {}): Promise<MqttClient> {
    const { token, mqttUrl } = await this.openSession();
    const will = {
      topic: this.topic('presence'),
      payload: bytesOf(presence('offline')),
      qos: 1,
      retain: true,
    } as const;
    return connectOnce(mqttUrl, { clientId: this.id, username: this.id, password: token, will, ...options });
  }

  topic(what: DeviceTopic): string {
    return deviceTopic(this.id, what);
  }

  /** POSTs below /api/v1. */
  post(path: string, body: unknown): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return fetch(`${this.#httpUrl()}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async #expect<Reply>(path: string, body: unknown): Promise<Reply> {
    const response = await this.post(path, body);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Reply;
  }

  #seal(type: PayloadType, payload: unknown): unknown {
    return JSON.parse(Buffer.from(sealEnvelope(type, payload, [this.key])).toString());
  }
}

/** A presence message of the fixtures' run. */
export function presence(state: 'online' | 'offline') {
  return { version: 1, state, runId } as const;
}

/** Connects without coming back after a loss; rejects when the broker closes instead of answering. */
export async function connectOnce(url: string, options: IClientOptions): Promise<MqttClient> {
  const client = connect(url, { protocolVersion: 4, reconnectPeriod: 0, connectTimeout: 20_000, ...options });
  const failed = new Promise<never>((_resolve, reject) => {
    client.once('error', reject);
    client.once('close', () => reject(new Error('the broker closed the connection')));
  });
  client.on('error', () => {}); // later errors end in `close`, which tests wait for
  const connected = new Promise<void>((resolve) => {
    client.once('connect', () => resolve());
  });
  await Promise.race([connected, failed]);
  return client;
}

/** The next message on a topic, from a subscription that is made here. */
export async function subscribeAndWait(client: MqttClient, topic: string): Promise<Buffer> {
  const message = new Promise<Buffer>((resolve) => {
    client.once('message', (_topic, payload) => resolve(payload));
  });
  await client.subscribeAsync(topic, { qos: 1 });
  return message;
}

/** The order in an envelope, which the director's key in `keys` must have signed. */
export async function openOrder(
  keys: string,
  envelope: Uint8Array,
): Promise<{ readonly order: Order; readonly digest: string }> {
  const { public: director } = await readKeyFile(join(keys, 'server', 'director.key'));
  const { payload } = openEnvelope('order', envelope, [director], maxOrderBytes);
  return { order: decodeOrder(payload), digest: sha256(payload) };
}

/** Resolves when the connection is gone, whoever ended it. */
export function untilClosed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    client.once('close', () => resolve());
  });
}

import { randomBytes } from 'node:crypto';
import type { Clock } from '@bellwether/shared/clock';
import { type CompiledSchema, decodeDocument } from '@bellwether/shared/contract/decode';
import {
  type EnrolmentPayload,
  EnrolmentReply,
  type KeyRotationPayload,
  KeyRotationReply,
  NonceReply,
  Problem,
  type SessionAudience,
  type SessionPayload,
  SessionReply,
} from '@bellwether/shared/contract/http-api';
import { messageOf } from '@bellwether/shared/errors';
import { Compile } from '@bellwether/shared/schema';
import { sha256 } from '@bellwether/shared/signing/digest';
import { EnrolmentError, type EnrolmentServer, type Session } from './enrolment.js';
import type { Identity, Successor } from './identity.js';

const schemas = {
  enrolment: Compile(EnrolmentReply),
  nonce: Compile(NonceReply),
  session: Compile(SessionReply),
  rotation: Compile(KeyRotationReply),
  problem: Compile(Problem),
};

/** Largest reply that is read, in bytes: a server that never stops must not fill the device's memory. */
const maxReplyBytes = 64 * 1024;

export interface EnrolmentHttpOptions {
  /** The control plane's base URL. */
  readonly serverUrl: string;
  readonly clock: Clock;
  /** For one request with its reply. */
  readonly timeoutMs?: number;
}

/** Enrolment and sessions over HTTP(S): shared/contract/http-api.ts. Redirects are not followed: they would carry the join token elsewhere. */
export class EnrolmentHttp implements EnrolmentServer {
  readonly #baseUrl: string;
  readonly #clock: Clock;
  readonly #timeoutMs: number;

  constructor(options: EnrolmentHttpOptions) {
    this.#baseUrl = options.serverUrl.replace(/\/+$/, '');
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs ?? 15_000;
  }

  async enrol(identity: Identity, joinToken: string, signal: AbortSignal): Promise<void> {
    const payload: EnrolmentPayload = {
      // The id is the name, a dash and 16 digits of the fingerprint.
      name: identity.device.slice(0, -17),
      public: identity.publicKey,
      tokenDigest: sha256(Buffer.from(joinToken)),
      nonce: newNonce(),
    };
    const body = { joinToken, envelope: asJson(identity.seal('enrolment', payload)) };
    const reply = await this.#post(schemas.enrolment, { path: '/enrolments', body, refused: 'join-refused', signal });
    if (reply.device !== identity.device) {
      throw new EnrolmentError('join-refused', `the server enrolled ${reply.device} instead of ${identity.device}`);
    }
  }

  async openSession(identity: Identity, audience: SessionAudience, signal: AbortSignal): Promise<Session> {
    const refused = 'session-refused';
    const serverNonce = await this.#nonce(identity, refused, signal);
    const deviceNonce = newNonce();
    const payload: SessionPayload = { device: identity.device, serverNonce, deviceNonce, audience };
    const body = { envelope: asJson(identity.seal('session', payload)) };
    const reply = await this.#post(schemas.session, { path: '/sessions', body, refused, signal });
    const time = Buffer.from(JSON.stringify(reply.time));
    const { token, expiresInSeconds, mqttUrl } = reply;
    return { token, expiresInSeconds, mqttUrl, time, deviceNonce };
  }

  async requestKey(successor: Successor, signal: AbortSignal): Promise<KeyRotationReply['standing']> {
    const { identity } = successor;
    const refused = 'rotation-refused';
    const serverNonce = await this.#nonce(identity, refused, signal);
    const payload: KeyRotationPayload = { device: identity.device, serverNonce, newPublic: identity.publicKey };
    const body = { envelope: asJson(successor.sealByBoth('keyRotation', payload)) };
    const { standing } = await this.#post(schemas.rotation, { path: '/key-rotations', body, refused, signal });
    return standing;
  }

  async #nonce({ device }: Identity, refused: PostRequest['refused'], signal: AbortSignal): Promise<string> {
    const { nonce } = await this.#post(schemas.nonce, { path: '/sessions/nonce', body: { device }, refused, signal });
    return nonce;
  }

  async #post<T>(schema: CompiledSchema<T>, request: PostRequest): Promise<T> {
    const url = `${this.#baseUrl}/api/v1${request.path}`;
    const deadline = new AbortController();
    const cancel = this.#clock.after(this.#timeoutMs, () =>
      deadline.abort(new Error(`no reply within ${this.#timeoutMs} ms`)),
    );
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(request.body),
        redirect: 'error',
        signal: AbortSignal.any([request.signal, deadline.signal]),
      });
      const bytes = await readCapped(response);
      if (response.ok) return decodeDocument(schema, bytes, { what: `reply of ${url}`, maxBytes: maxReplyBytes });
      throw refusal(url, response.status, bytes, request.refused);
    } catch (cause) {
      if (cause instanceof EnrolmentError) throw cause;
      throw new EnrolmentError('network', `${url}: ${reasonOf(cause)}`, { cause });
    } finally {
      cancel();
    }
  }
}

interface PostRequest {
  readonly path: string;
  readonly body: unknown;
  /** The code of a 4xx answer. */
  readonly refused: 'join-refused' | 'session-refused' | 'rotation-refused';
  readonly signal: AbortSignal;
}

/** 4xx is an answer; 429 and 5xx say that the server cannot answer now. */
function refusal(url: string, status: number, bytes: Uint8Array, refused: PostRequest['refused']): EnrolmentError {
  const code = status >= 400 && status < 500 && status !== 429 ? refused : 'network';
  return new EnrolmentError(code, `${url} answered ${status}${problemText(bytes)}`);
}

function problemText(bytes: Uint8Array): string {
  try {
    const problem = decodeDocument(schemas.problem, bytes, { what: 'problem', maxBytes: maxReplyBytes });
    return `: ${problem.code}, ${problem.detail}`.slice(0, 500);
  } catch {
    // A proxy's error page says no more than its status.
    return '';
  }
}

async function readCapped(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > maxReplyBytes) throw new Error(`the reply is longer than ${maxReplyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function newNonce(): string {
  return randomBytes(32).toString('hex');
}

function asJson(envelope: Uint8Array): unknown {
  return JSON.parse(Buffer.from(envelope).toString());
}

/** fetch says "fetch failed"; why is in the cause. */
function reasonOf(thrown: unknown): string {
  const inner = thrown instanceof Error ? thrown.cause : undefined;
  return inner === undefined ? messageOf(thrown) : `${messageOf(thrown)}: ${messageOf(inner)}`;
}

import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type CompiledSchema, checkSchema } from '@bellwether/shared/contract/decode';
import { blobPath, Problem } from '@bellwether/shared/contract/http-api';
import { messageOf } from '@bellwether/shared/errors';
import { hex64Pattern } from '@bellwether/shared/ids';
import { Compile, Type } from '@bellwether/shared/schema';
import type { ServerKeyUse } from '../catalog/repository-layout.js';
import type { TrustChange } from '../catalog/trust-change.js';
import { encodeTrustChange } from '../catalog/trust-change-body.js';
import { type ReleaseServer, ServerError, ServerRefusal } from './release-server.js';

/** A connection without a byte for this long is given up. */
const idleMs = 60_000;
/** Largest JSON reply that is read, in bytes. */
const maxReplyBytes = 64 * 1024 * 1024;

const compiledProblem = Compile(Problem);

const compiledNextKey = Compile(Type.Object({ public: Type.String({ pattern: hex64Pattern }) }));

interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Readable;
}

/** The server over HTTP(S) with an operator's token, streaming both ways; for the publisher and for every verb of the CLI. */
export class ServerConnection implements ReleaseServer {
  readonly #baseUrl: string;
  readonly #token: string | undefined;

  /** `baseUrl` without a slash at its end. Without a token only public paths answer. */
  constructor(baseUrl: string, token: string | undefined) {
    this.#baseUrl = baseUrl;
    this.#token = token;
  }

  /** A JSON reply that fits the schema. */
  async get<T>(path: string, schema: CompiledSchema<T>): Promise<T> {
    return this.#json(await this.#exchange({ method: 'GET', path }), path, schema);
  }

  /** Sends JSON; the reply fits the schema. */
  async post<T>(path: string, body: unknown, schema: CompiledSchema<T>): Promise<T> {
    return this.#json(await this.#exchange(jsonCall(path, Buffer.from(JSON.stringify(body)))), path, schema);
  }

  /** Changes something; of the reply only the success counts. */
  async command(method: 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<void> {
    const call = body === undefined ? { path } : jsonCall(path, Buffer.from(JSON.stringify(body)));
    const reply = await this.#exchange({ ...call, method });
    reply.resume();
  }

  async hasBlob(sha256: string): Promise<boolean> {
    const reply = await this.#call({ method: 'HEAD', path: blobPath + sha256 });
    reply.resume();
    if (reply.statusCode === 200 || reply.statusCode === 404) return reply.statusCode === 200;
    // A refusal of HEAD has no words: GET says why.
    (await this.#exchange({ method: 'GET', path: blobPath + sha256 })).destroy();
    throw new ServerError('bad-reply', `${this.#baseUrl} answered ${reply.statusCode} for a blob`);
  }

  async putBlob(sha256: string, bytes: number, content: Readable): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': bytes };
    const reply = await this.#exchange({ method: 'PUT', path: `/api/v1${blobPath}${sha256}`, headers, body: content });
    reply.resume();
  }

  async getBlob(sha256: string): Promise<AsyncIterable<Uint8Array>> {
    return this.#exchange({ method: 'GET', path: blobPath + sha256 });
  }

  async publishRole(role: string, metadata: Uint8Array): Promise<void> {
    const reply = await this.#exchange(jsonCall(`/api/v1/catalog/roles/${encodeURIComponent(role)}`, metadata));
    reply.resume();
  }

  async nextOnlineKey(use: ServerKeyUse): Promise<string> {
    return (await this.post(`/api/v1/catalog/online-keys/${use}`, {}, compiledNextKey)).public;
  }

  async changeTrust(change: TrustChange): Promise<void> {
    const body = Buffer.from(JSON.stringify(encodeTrustChange(change)));
    (await this.#exchange(jsonCall('/api/v1/catalog/trust', body))).resume();
  }

  async #json<T>(reply: IncomingMessage, path: string, schema: CompiledSchema<T>): Promise<T> {
    const text = await readText(reply);
    try {
      const value: unknown = JSON.parse(text);
      return checkSchema(schema, value, `the reply to ${path}`);
    } catch (cause) {
      throw new ServerError('bad-reply', `${this.#baseUrl} gave an unexpected reply: ${messageOf(cause)}`, { cause });
    }
  }

  /** A reply of success; throws ServerRefusal with the server's own code on any other. */
  async #exchange(call: Call): Promise<IncomingMessage> {
    const reply = await this.#call(call);
    const status = reply.statusCode ?? 0;
    if (status >= 200 && status < 300) return reply;
    const text = await readText(reply);
    throw new ServerRefusal(
      problemOf(text) ?? {
        status,
        code: `http-${status}`,
        detail: `${call.method} ${call.path} was answered with ${status}`,
      },
    );
  }

  #call({ method, path, headers, body }: Call): Promise<IncomingMessage> {
    const url = new URL(this.#baseUrl + path);
    const authorization = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown) =>
        reject(new ServerError('network', `${this.#baseUrl} cannot be reached: ${reasonOf(cause)}`, { cause }));
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const request = send(url, { method, headers: { ...headers, ...authorization } }, resolve);
      request.setTimeout(idleMs, () => request.destroy(new Error(`no answer for ${idleMs / 1000} s`)));
      request.on('error', fail);
      if (body === undefined) request.end();
      else pipeline(body, request).catch(fail); // a refusal may come before the end: then it has been resolved
    });
  }
}

function jsonCall(path: string, bytes: Uint8Array): Call {
  const headers = { 'content-type': 'application/json', 'content-length': bytes.byteLength };
  return { method: 'POST', path, headers, body: Readable.from([bytes]) };
}

async function readText(reply: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const content: AsyncIterable<Uint8Array> = reply;
  for await (const chunk of content) {
    bytes += chunk.byteLength;
    if (bytes > maxReplyBytes) throw new ServerError('bad-reply', `a reply has more than ${maxReplyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function problemOf(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return compiledProblem.Check(value) ? value : undefined;
  } catch {
    return undefined; // not ours: the status says what there is to say
  }
}

/** Node puts the reasons of a failed connection to several addresses into an AggregateError with an empty message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return messageOf(error);
}

import { lookup } from 'node:dns';
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Clock } from '@bellwether/shared/clock';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { refusal, type WebhookAddresses } from './webhook-address.js';
import type { Attempt } from './webhook-attempt.js';

/** For the whole of an attempt, names and all. */
const timeoutMs = 10_000;
/** What a receiver says beyond this is not read. */
const maxReplyBytes = 65_536;
const maxProblem = 200;

/** One message as it goes out. */
export interface Outgoing {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends webhooks. It follows no redirect, keeps no connection, and reads nothing of an answer but its status. */
export class WebhookSenderHttp {
  readonly #addresses: WebhookAddresses;
  readonly #clock: Clock;
  readonly #agent: string;

  constructor(addresses: WebhookAddresses, { clock, version }: { readonly clock: Clock; readonly version: string }) {
    this.#addresses = addresses;
    this.#clock = clock;
    this.#agent = `bellwether/${version}`;
  }

  /** One attempt; never throws. The signal ends it as unreachable. */
  send({ url, headers, body }: Outgoing, signal: AbortSignal): Promise<Attempt> {
    const target = new URL(url);
    if (!this.#addresses.isAllowedHost(target.hostname)) return Promise.resolve(unreachable(refusal(target.hostname)));
    const over = new AbortController();
    const end = (): void => over.abort();
    if (signal.aborted) return Promise.resolve(unreachable('the server stops'));
    signal.addEventListener('abort', end, { once: true });
    const cancel = this.#clock.after(timeoutMs, end);
    const request = (target.protocol === 'https:' ? requestHttps : requestHttp)(target, {
      method: 'POST',
      agent: false,
      lookup: this.#lookup(),
      signal: over.signal,
      maxHeaderSize: 16_384,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': this.#agent,
        connection: 'close',
      },
    });
    request.on('close', () => {
      cancel();
      signal.removeEventListener('abort', end);
    });
    const answer = answerOf(request);
    request.end(body);
    return answer;
  }

  /** Judges the addresses that the connection is then made to, and not those of a look before: a name may be rebound in between. */
  #lookup(): LookupFunction {
    return (hostname, options, done) => {
      lookup(hostname, { ...options, all: true }, (error, found) => {
        const addresses = error === null ? found.filter(({ address }) => this.#addresses.isAllowed(address)) : [];
        const [first] = addresses;
        if (error !== null) done(error, []);
        else if (first === undefined) done(new Error(refusal(hostname)), []);
        else if (options.all === true) done(null, addresses);
        else done(null, first.address, first.family);
      });
    };
  }
}

function answerOf(request: ClientRequest): Promise<Attempt> {
  return new Promise((resolve) => {
    request.on('response', (response) => {
      resolve(attemptOf(response));
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxReplyBytes) request.destroy();
      });
      // Cut by us or by the receiver after its status: the status counts.
      response.on('error', () => {});
    });
    request.on('error', (cause) => resolve(unreachable(problemWith(cause))));
  });
}

function attemptOf({ statusCode = 0, headers }: IncomingMessage): Attempt {
  const retryAfterMs = retryAfterOf(headers['retry-after']);
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered', status: statusCode };
  if (statusCode >= 500 || statusCode === 429)
    return { kind: 'unreachable', status: statusCode, problem: `it answered ${statusCode}`, retryAfterMs };
  return { kind: 'refused', status: statusCode, retryAfterMs };
}

function retryAfterOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : null;
}

function unreachable(problem: string): Attempt {
  return { kind: 'unreachable', status: null, problem: problem.slice(0, maxProblem), retryAfterMs: null };
}

function problemWith(cause: unknown): string {
  return codeOf(cause) === 'ABORT_ERR' ? 'no answer within 10 s' : messageOf(cause);
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as SocketServer } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '@bellwether/shared/clock';
import { Feedback } from './feedback.js';
import { errorAnswer, LocalApiError } from './local-api-error.js';
import { type Guard, loopbackGuard, unixSocketGuard } from './local-api-guard.js';
import { BodyBudget } from './local-api-http-body.js';
import { listenOnLoopback, listenOnUnixSocket } from './local-api-http-listen.js';
import { errorReply, type LocalApiContent, type Reply, replyTo } from './local-api-http-routes.js';
import { readToken } from './local-api-http-token.js';

/** Where the local API listens, and its limits. */
export interface LocalApiConfig {
  readonly socketPath: string;
  /** Opted in: a port of 127.0.0.1 (0 takes a free one) and the file of its token, which is made when it is not there. */
  readonly loopback?: { readonly port: number; readonly tokenFile: string };
  readonly maxBodyBytes: number;
  /** How long answers may still take when the API stops. */
  readonly stopGraceMs: number;
}

export interface LocalApiParts extends Omit<LocalApiContent, 'feedback'> {
  readonly config: LocalApiConfig;
  readonly clock: Clock;
}

const serverOptions = {
  keepAliveTimeout: 75_000,
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
  noDelay: true,
};
const maxConnections = 256;
/** Bodies of requests that wait or run, all together, in bodies of the largest size. */
const largestBodiesAtOnce = 4;

/** The Open Inference Protocol for applications on the device. */
export class LocalApi {
  readonly #parts: LocalApiParts;
  readonly #budget: BodyBudget;
  readonly #content: LocalApiContent;
  readonly #servers: Server[] = [];
  /** Requests whose answer is not out yet. */
  readonly #answering = new Set<ServerResponse>();
  #isStopping = false;
  /** Connections so far. */
  #accepted = 0;
  #port: number | undefined;

  constructor(parts: LocalApiParts) {
    this.#parts = parts;
    this.#budget = new BodyBudget(largestBodiesAtOnce * parts.config.maxBodyBytes);
    this.#content = { ...parts, feedback: new Feedback(parts.clock, parts.observer) };
  }

  /** The loopback port; undefined when there is none. */
  get port(): number | undefined {
    return this.#port;
  }

  /** Begins to listen; rejects with ListenError or TokenFileError. */
  async start(): Promise<void> {
    try {
      await this.#listen();
    } catch (cause) {
      await this.stop();
      throw cause;
    }
  }

  async #listen(): Promise<void> {
    const { socketPath, loopback } = this.#parts.config;
    await listenOnUnixSocket(this.#server(unixSocketGuard), socketPath);
    if (loopback === undefined) return;
    const token = await readToken(loopback.tokenFile);
    this.#port = await listenOnLoopback(this.#server(loopbackGuard(token)), loopback.port);
  }

  /** Takes no more connections, lets the answers out that are on their way, and closes. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#takeWhoWaits();
    const closing = this.#servers.splice(0).map((server) => this.#close(server));
    await Promise.all(closing);
  }

  /** Node accepts one connection in each turn of its loop: who has connected and is not accepted would be reset by the close. */
  async #takeWhoWaits(): Promise<void> {
    let before: number;
    let turns = 0;
    do {
      before = this.#accepted;
      await turn();
      await turn();
    } while (this.#accepted !== before && turns++ < maxConnections);
  }

  #server(guard: Guard): Server {
    const server = createServer(serverOptions, (request, response) => void this.#handle(request, response, guard));
    server.maxConnections = maxConnections;
    server.on('connection', () => {
      this.#accepted++;
    });
    // What is no HTTP, or too slow, gets an answer that is, and then the connection is over.
    server.on('clientError', (error, socket) => {
      const { body } = errorAnswer(new LocalApiError('malformed', error.message));
      if (socket.writable) socket.end(`HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n${JSON.stringify(body)}`);
    });
    this.#servers.push(server);
    return server;
  }

  async #handle(request: IncomingMessage, response: ServerResponse, guard: Guard): Promise<void> {
    this.#answering.add(response);
    response.once('close', () => this.#answering.delete(response));
    try {
      guard(request.headers, request.socket.localPort);
    } catch (thrown) {
      this.#send(response, errorReply(thrown, this.#parts.log));
      return;
    }
    const limits = { maxBodyBytes: this.#parts.config.maxBodyBytes, budget: this.#budget };
    this.#send(response, await replyTo(request, this.#content, limits));
  }

  /** One write for head and body: small answers leave in one segment. */
  #send(response: ServerResponse, { status, headers, buffers }: Reply): void {
    const length = buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
    response.writeHead(status, {
      ...headers,
      'content-length': length,
      ...(this.#isStopping ? { connection: 'close' } : {}),
    });
    response.cork();
    for (const buffer of buffers) response.write(buffer);
    response.end();
  }

  async #close(server: Server): Promise<void> {
    if (!server.listening) return;
    const cancel = this.#parts.clock.after(this.#parts.config.stopGraceMs, () => server.closeAllConnections());
    // Nobody else is taken from here on. Not by the close of HTTP servers: it cuts a connection off as soon as its answer has
    // been made, and who reads slowly would get a part of it.
    const closed = new Promise<void>((resolve) => {
      SocketServer.prototype.close.call(server, () => resolve());
    });
    while (this.#answering.size > 0) await Promise.all([...this.#answering].map(untilClosed));
    server.close();
    await closed;
    cancel();
  }
}

/** Resolves when an answer is out, or its connection is gone. */
function untilClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
  });
}

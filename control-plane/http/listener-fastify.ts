import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { listenError } from './listen-error.js';
import type { TlsFiles } from './tls-files-disk.js';

/** Makes the server that fastify answers on. */
export type ServerFactory = (answer: RequestListener) => Server;

interface ListenerOptions {
  readonly host: string;
  readonly httpPort: number;
  readonly tls?: TlsFiles | undefined;
  /** What else is spoken on the same port, such as WebSocket. */
  readonly alsoServe?: (server: Server) => void;
}

/** A connection on which nothing moves for so long is closed, also in the middle of a request; heartbeats keep the live feed. */
const idleMs = 120_000;
/** Headers must be there by then: a request that drips in holds nobody up. */
const headersTimeout = 20_000;
/** How often Node looks for connections whose headers are late. */
const connectionsCheckingInterval = 5000;
const keepAliveTimeout = 72_000;
const handshakeTimeout = 10_000;
const maxConnections = 20_000;

/** The HTTP(S) server on its port. */
export class HttpListener {
  readonly #options: ListenerOptions;
  readonly #build: (factory: ServerFactory) => Promise<FastifyInstance>;
  /** Connections that speak something else by now. */
  readonly #upgraded = new Set<Duplex>();
  #isStopping = false;
  #app: FastifyInstance | undefined;
  #url = '';

  constructor(options: ListenerOptions, build: (factory: ServerFactory) => Promise<FastifyInstance>) {
    this.#options = options;
    this.#build = build;
  }

  /** `http://127.0.0.1:8080`, `https:` with TLS, once started. */
  get url(): string {
    return this.#url;
  }

  /** Throws ListenError. */
  async start(): Promise<void> {
    const { host, httpPort: port, tls } = this.#options;
    this.#isStopping = false;
    this.#app = await this.#build((answer) => this.#createServer(answer));
    try {
      // fastify does not know what its server speaks.
      const url = await this.#app.listen({ host, port });
      this.#url = tls === undefined ? url : url.replace(/^http:/, 'https:');
    } catch (cause) {
      throw listenError({ what: 'HTTP', option: '--http-port', host, port }, cause);
    }
  }

  /** Ends every connection; of those that were upgraded Node knows no more than that it waits for them. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const socket of this.#upgraded) socket.destroy();
    await this.#app?.close();
    this.#app = undefined;
  }

  #createServer(answer: RequestListener): Server {
    const { tls, alsoServe } = this.#options;
    const limits = { headersTimeout, connectionsCheckingInterval, keepAliveTimeout, requestTimeout: 0 };
    const server =
      tls === undefined
        ? createServer(limits, answer)
        : createHttpsServer({ ...limits, ...tls.material, handshakeTimeout }, answer);
    server.maxConnections = maxConnections;
    server.setTimeout(idleMs);
    if ('setSecureContext' in server) tls?.follow(server);
    server.on('upgrade', (_request, socket) => {
      if (this.#isStopping) socket.destroy();
      this.#upgraded.add(socket);
      socket.once('close', () => this.#upgraded.delete(socket));
    });
    alsoServe?.(server);
    return server;
  }
}

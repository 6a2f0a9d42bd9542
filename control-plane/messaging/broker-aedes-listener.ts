import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import type { Clock } from '@bellwether/shared/clock';
import { maxReportBytes } from '@bellwether/shared/contract/report';
import { maxWindowBytes } from '@bellwether/shared/contract/window';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { listenError } from '../http/listen-error.js';
import type { TlsFiles } from '../http/tls-files-disk.js';
import { ConnectionLimits } from './connection-limits.js';
import { PacketLimit } from './packet-limit.js';

/** Largest packet: the largest message with its topic. */
export const maxPacketBytes = Math.max(maxWindowBytes, maxReportBytes) + 1024;

const maxConnections = 20_000;
const handshakeTimeout = 10_000;
/** MQTT's own keepalive is the client's choice, and may be none: a connection that died unseen is found by TCP's. */
const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 };

interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Gets each connection that may stay. */
  readonly handle: (stream: Duplex) => void;
}

/** The broker's port: TCP or TLS, and the limits that every connection is under, WebSockets too. */
export class BrokerListener {
  readonly #options: ListenerOptions;
  readonly #limits = new ConnectionLimits<Duplex>();
  /** What came by this port and is not closed, in the middle of a TLS handshake or logged in. */
  readonly #open = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Where it listens, once started: `mqtt://127.0.0.1:1883`, `mqtts:` with TLS. */
  get url(): string {
    const { host, tls } = this.#options;
    return `${tls === undefined ? 'mqtt' : 'mqtts'}://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  /** Throws ListenError. */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    const server = this.#createServer();
    server.maxConnections = maxConnections;
    this.#server = server;
    this.#port = await listen(server, host, port);
  }

  /** Ends every connection that is left, such as those that have not logged in: nobody is waited for. May be called twice. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  /** Takes a connection, from this port or from a WebSocket, or closes it. */
  take(stream: Duplex, address: string): void {
    const { clock, log, handle } = this.#options;
    const { refusal, evicted } = this.#limits.admit(stream, address, clock.now().monotonicMs);
    evicted?.destroy();
    if (refusal !== undefined) {
      log.warn({ address, refusal }, 'A connection was closed at once');
      stream.destroy();
      return;
    }
    stream.once('close', () => this.#limits.settled(stream));
    limitPackets(stream, log);
    handle(stream);
  }

  /** The connection has logged in. */
  admitted(stream: Duplex): void {
    this.#limits.settled(stream);
  }

  #createServer(): Server {
    const { tls, log } = this.#options;
    const take = (socket: Socket): void => this.take(socket, socket.remoteAddress ?? '');
    const opened = (socket: Socket): void => {
      // Node takes one connection in each turn: some that came before the stop are there after it.
      if (this.#server === undefined) socket.destroy();
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    };
    if (tls === undefined) return createServer(socketOptions, take).prependListener('connection', opened);
    const server = createTlsServer({ ...socketOptions, ...tls.material, handshakeTimeout }, take);
    server.on('connection', opened);
    server.on('tlsClientError', (error) => log.debug({ reason: messageOf(error) }, 'A TLS handshake failed'));
    tls.follow(server);
    return server;
  }
}

/** aedes takes its bytes with `read`, so that is where they are watched. */
function limitPackets(stream: Duplex, log: Log): void {
  const limit = new PacketLimit(maxPacketBytes);
  const read = stream.read.bind(stream);
  stream.read = (size?: number): unknown => {
    const chunk: unknown = read(size);
    if (!(chunk instanceof Uint8Array) || limit.admits(chunk)) return chunk;
    log.warn({ maxPacketBytes }, 'A connection was closed: its packet is too large');
    stream.destroy();
    return null;
  };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(listenError({ what: 'MQTT', option: '--mqtt-port', host, port }, cause)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

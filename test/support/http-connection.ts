import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { LocalAddress } from './local-http.js';

interface Exchange {
  resolve(body: Buffer): void;
  reject(error: Error): void;
}

/**
 * One kept-alive HTTP/1.1 connection with as little around it as an application in C would have: for benches, which
 * measure the server and not Node's client. One exchange at a time; answers need a content-length.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #exchange: Exchange | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(address: LocalAddress): Promise<HttpConnection> {
    const socket = 'port' in address ? connect(address.port, '127.0.0.1') : connect(address.socketPath);
    await once(socket, 'connect');
    socket.setNoDelay(true);
    const connection = new HttpConnection(socket);
    socket.on('data', (chunk: Buffer) => connection.#read(chunk));
    socket.once('close', () => connection.#exchange?.reject(new Error('the connection was closed')));
    return connection;
  }

  /** Sends a request that is written out and resolves with the body of a 200; anything else rejects. */
  exchange(request: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#exchange = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf('\r\n\r\n') + 4;
    if (headEnd < 4) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const end = headEnd + Number(/\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (this.#received.length < end) return;
    const body = this.#received.subarray(headEnd, end);
    this.#received = this.#received.subarray(end);
    const exchange = this.#exchange;
    this.#exchange = undefined;
    if (head.startsWith('HTTP/1.1 200 ')) exchange?.resolve(body);
    else exchange?.reject(new Error(`${head.split('\r\n', 1)[0]}: ${body.toString()}`));
  }
}

/** A POST, written out. */
export function writePost(path: string, body: Uint8Array, headers: Readonly<Record<string, string | number>>): Buffer {
  const lines = Object.entries({ host: 'localhost', 'content-length': body.byteLength, ...headers });
  const head = [`POST ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head), body]);
}

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface StaticServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Every path that was asked for, in order. */
  readonly requests: readonly string[];
  /** Answers a path by hand from now on: a fault, an attack. */
  answer(path: string, handler: (request: IncomingMessage, response: ServerResponse) => void): void;
  /** Cuts every connection. May be called twice. */
  stop(): Promise<void>;
}

/** Serves the files below a folder over HTTP on loopback, as a CDN would; 404 for the rest. */
export async function startStaticServer(folder: string): Promise<StaticServer> {
  const requests: string[] = [];
  const handlers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    requests.push(path);
    const handler = handlers.get(path);
    if (handler === undefined) void sendFile(join(folder, normalize(path)), response);
    else handler(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    answer: (path, handler) => handlers.set(path, handler),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function sendFile(path: string, response: ServerResponse): Promise<void> {
  try {
    const { size } = await stat(path);
    response.writeHead(200, { 'content-length': size });
    await pipeline(createReadStream(path), response);
  } catch {
    if (!response.headersSent) response.writeHead(404);
    response.end(); // the client left, or nothing is there
  }
}

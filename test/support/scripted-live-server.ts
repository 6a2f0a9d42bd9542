import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import type { Overview } from '@bellwether/control-plane/http/status-api';

const consoleFolder = new URL('../../../control-plane/dist/console/', import.meta.url);
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** Whoever asks. */
const may = [
  'GET /live',
  'GET /events',
  'GET /releases',
  'GET /rollouts',
  'POST /rollouts',
  'POST /rollouts/preview',
  'POST /rollouts/:id/abort',
  'POST /rollouts/:id/resume',
  'GET /devices/:id',
  'POST /devices/:id/approve',
  'POST /devices/:id/decommission',
  'POST /devices/:id/pin',
  'POST /devices/:id/unpin',
];
const operator = { name: 'margarethe', role: 'operator', expiresAtMs: null };

type Replies = Readonly<Record<string, unknown>>;

/** The built console, and a live feed in which a test says what it likes: more devices than a test can start, and texts that no device may send. */
export class ScriptedLiveServer {
  readonly #server: Server;
  readonly #watchers = new Set<ServerResponse>();
  readonly #overview: () => Overview;
  #opened = 0;

  private constructor(overview: () => Overview, replies: Replies) {
    this.#overview = overview;
    const me = { operator: { ...operator, may: [...may, ...Object.keys(replies)] } };
    this.#server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      if (path === '/api/v1/live') this.#watch(response);
      else if (path === '/api/v1/me') sendJson(me, response);
      else if (replyTo(path, replies) !== undefined) sendJson(replyTo(path, replies), response);
      else if (path === '/api/v1/events') this.#tellEvents(response);
      else void sendFile(path === '/' ? '/index.html' : path, response);
    });
  }

  /** `replies`: what is asked for by its route, `GET /telemetry/drift`, and nothing else may be asked for so. */
  static async start(overview: () => Overview, replies: Replies = {}): Promise<ScriptedLiveServer> {
    const server = new ScriptedLiveServer(overview, replies);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  /** The page, with a token. */
  get pageUrl(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/#token=any`;
  }

  /** Live feeds that were opened so far. */
  get opened(): number {
    return this.#opened;
  }

  /** Live feeds that are open. */
  get watchers(): number {
    return this.#watchers.size;
  }

  /** Tells every watcher, one message at a time as the real server does: `[['device', view], …]`. */
  async tell(messages: ReadonlyArray<readonly [name: string, payload: unknown]>): Promise<void> {
    for (const [name, payload] of messages) {
      const text = `event: ${name}\ndata: ${JSON.stringify(payload)}\n\n`;
      await Promise.all([...this.#watchers].map((watcher) => written(watcher, text)));
    }
  }

  /** Ends every live feed in the middle of it, as a network does. */
  breakOff(): void {
    for (const watcher of this.#watchers) watcher.destroy();
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #tellEvents(response: ServerResponse): void {
    const { events } = this.#overview();
    const page = { events, cursor: null, newest: Math.max(0, ...events.map(({ id }) => id)) };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(page));
  }

  #watch(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`event: overview\ndata: ${JSON.stringify(this.#overview())}\n\n`);
    this.#watchers.add(response);
    this.#opened++;
    response.once('close', () => this.#watchers.delete(response));
  }
}

function written(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => {
    response.write(text, () => resolve());
  });
}

function replyTo(path: string, replies: Replies): unknown {
  return replies[`GET ${path.replace('/api/v1', '')}`];
}

function sendJson(value: unknown, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function sendFile(path: string, response: ServerResponse): Promise<void> {
  try {
    const body = await readFile(new URL(`.${path}`, consoleFolder));
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'application/octet-stream' }).end(body);
  } catch {
    response.writeHead(404).end();
  }
}

import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What a bad network or a broken cache does to one reply. `cut`: the connection ends after so many bytes of the body.
 * `stall`: nothing comes after them. `slow`: one byte at a time. `range`: it says that it sends another range.
 */
export type NetworkFault =
  | { readonly kind: 'status'; readonly code: number; readonly retryAfter?: string }
  | { readonly kind: 'cut' | 'stall'; readonly at: number }
  | { readonly kind: 'slow' | 'range' };

/** A proxy that harms replies as a test says, and counts. */
export interface FaultProxy {
  readonly url: string;
  /** Paths in the order of their requests. */
  readonly requests: readonly string[];
  /** Bytes of bodies that went out. */
  readonly bytes: number;
  /** Requests whose answer is on its way; one that is stalled is not. */
  readonly underWay: number;
  /** Answers that stand still: nothing more comes of them. */
  readonly stalled: number;
  /** What happens to the n-th request (from 0) for a path from now on; undefined: nothing. */
  harm(plan: (path: string, n: number) => NetworkFault | undefined): void;
  stop(): Promise<void>;
}

/** Starts a proxy before an HTTP server. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const requests: string[] = [];
  let bytes = 0;
  let underWay = 0;
  const stalled = new Set<object>();
  let counts = new Map<string, number>();
  let plan: (path: string, n: number) => NetworkFault | undefined = () => undefined;

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '/';
    requests.push(path);
    const n = counts.get(path) ?? 0;
    counts.set(path, n + 1);
    const fault = plan(path, n);
    if (fault?.kind === 'status') {
      response.writeHead(fault.code, fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter });
      response.end();
      return;
    }
    underWay++;
    if (fault?.kind === 'stall') {
      const standing = {};
      stalled.add(standing);
      // Whichever is first: nobody waits for it any more.
      response.once('close', () => stalled.delete(standing));
      request.socket.once('end', () => stalled.delete(standing));
    }
    const upstream = httpRequest(new URL(path, target), { headers: request.headers, agent: false }, (reply) => {
      void forward(reply, response, fault).then((sent) => {
        bytes += sent;
        underWay--;
      });
    });
    upstream.on('error', () => {
      underWay--;
      response.destroy();
    });
    upstream.end();
  };

  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get bytes() {
      return bytes;
    },
    get underWay() {
      return underWay;
    },
    get stalled() {
      return stalled.size;
    },
    harm: (next) => {
      plan = next;
      counts = new Map();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Sends a reply on, harmed; answers the bytes of its body that went out. */
async function forward(
  reply: IncomingMessage,
  response: ServerResponse,
  fault: Exclude<NetworkFault, { readonly kind: 'status' }> | undefined,
): Promise<number> {
  const chunks: AsyncIterable<Uint8Array> = reply;
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  const body = Buffer.concat(parts);
  const isRange = fault?.kind === 'range';
  const harmed = isRange ? { 'content-range': `bytes 7-${body.length + 6}/${body.length + 7}` } : {};
  response.writeHead(isRange ? 206 : (reply.statusCode ?? 502), { ...reply.headers, ...harmed });
  switch (fault?.kind) {
    case 'cut':
      response.write(body.subarray(0, fault.at), () => response.destroy());
      return Math.min(fault.at, body.length);
    case 'stall':
      response.write(body.subarray(0, fault.at));
      return Math.min(fault.at, body.length);
    case 'slow':
      for (let at = 0; at < body.length && !response.destroyed; at++) {
        response.write(body.subarray(at, at + 1));
        await new Promise(setImmediate);
      }
      response.end();
      return body.length;
    default:
      response.end(body);
      return body.length;
  }
}

import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as it came. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How a request is answered: with a status (and headers), by hand, or not at all. */
export type Answer = number | 'never' | 'closed' | ((response: ServerResponse, received: Received) => void);

/** A real receiver of webhooks on loopback. */
export interface WebhookReceiver {
  /** `http://127.0.0.1:<port>/hook` */
  readonly url: string;
  /** Everything that came, oldest first. */
  readonly received: readonly Received[];
  /** How everything is answered from now on; at first 204. */
  answer(answer: Answer): void;
  /** Resolves as soon as so many requests have come. */
  untilReceived(count: number): Promise<readonly Received[]>;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  let answer: Answer = 204;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const one = { path: request.url ?? '', headers: request.headers, body };
      received.push(one);
      if (typeof answer === 'number') response.writeHead(answer).end();
      else if (answer === 'closed') request.socket.destroy();
      else if (answer !== 'never') answer(response, one);
      for (const wake of waiting) wake();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    answer: (next) => {
      answer = next;
    },
    untilReceived: async (count) => {
      while (received.length < count) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
      return received;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

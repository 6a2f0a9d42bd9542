import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bodyMs, limitBodyTime } from '@bellwether/control-plane/http/body-time';
import type { Access } from '@bellwether/control-plane/http/route-guard';
import { ManualClock } from '../../support/manual-clock.js';

let clock: ManualClock;
let app: FastifyInstance;
let arrived: Promise<unknown>;
beforeEach(async () => {
  clock = new ManualClock();
  app = fastify({ forceCloseConnections: true });
  limitBodyTime(app, clock);
  arrived = new Promise((resolve) => {
    app.addHook('onRequest', async () => resolve(undefined));
  });
  for (const access of ['public', 'device', 'operator'] as const satisfies readonly Access[]) {
    app.post(`/${access}`, { config: { access } }, () => 'done');
  }
  await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

/** Sends the head of a POST and half of its body. */
async function drip(path: string): Promise<Socket> {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}); // it ends in `close`
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nab`);
  await arrived;
  return socket;
}

describe('a body that drips in', () => {
  it.each(['/public', '/device', '/unknown'])('ends the connection of nobody, at %s', async (path) => {
    const socket = await drip(path);
    const closed = once(socket.resume(), 'close');
    await clock.advance(bodyMs);
    await closed;
  });

  it('may take its time when somebody has logged in, and everywhere within twenty seconds', async () => {
    for (const [path, afterMs] of [
      ['/operator', bodyMs],
      ['/public', bodyMs - 1],
    ] as const) {
      const socket = await drip(path);
      await clock.advance(afterMs);
      socket.write('cd');
      const [reply] = (await once(socket, 'data')) as [Buffer];
      expect(reply.toString()).toMatch(/^HTTP\/1\.1 200 /);
      socket.destroy();
    }
  });
});

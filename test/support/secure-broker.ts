import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { TestCertificate } from './certificate.js';

/** A real aedes behind TLS: plain MQTT, and MQTT over WebSocket at `/mqtt`, each on an ephemeral port of loopback. */
export interface SecureBroker {
  readonly mqttsPort: number;
  readonly wssPort: number;
  stop(): Promise<void>;
}

export async function startSecureBroker(certificate: TestCertificate): Promise<SecureBroker> {
  const aedes = await Aedes.createBroker();
  const plain = createTlsServer(certificate, (socket) => aedes.handle(socket));
  const web = createHttpsServer(certificate);
  const sockets = new WebSocketServer({ server: web, path: '/mqtt' });
  sockets.on('connection', (socket) => aedes.handle(createWebSocketStream(socket)));
  const [mqttsPort, wssPort] = [await listen(plain), await listen(web)];
  return {
    mqttsPort,
    wssPort,
    stop: async () => {
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      for (const socket of sockets.clients) socket.terminate();
      web.closeAllConnections();
      await Promise.all([plain, web].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

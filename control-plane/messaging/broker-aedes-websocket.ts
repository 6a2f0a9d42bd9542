import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { maxPacketBytes } from './broker-aedes-listener.js';

/** Where MQTT is spoken over WebSocket on the HTTP port, so that 443 alone is enough. */
const webSocketPath = '/mqtt';

/**
 * Takes WebSocket connections of MQTT 3.1.1 §6 on an HTTP server: subprotocol `mqtt`, binary frames. A page of another
 * site gains nothing here: there is no cookie, MQTT's own login follows. Any other upgrade is refused.
 */
export function serveMqttOverWebSocket(server: Server, take: (stream: Duplex, address: string) => void): void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxPacketBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!isMqtt(request)) {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (connection) => {
      const stream = createWebSocketStream(connection);
      // A connection that breaks ends in `close`, which the broker waits for.
      stream.on('error', () => {});
      take(stream, request.socket.remoteAddress ?? '');
    });
  });
}

function isMqtt({ url, headers }: IncomingMessage): boolean {
  const protocols = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
  return url?.split('?', 1)[0] === webSocketPath && protocols.includes('mqtt');
}

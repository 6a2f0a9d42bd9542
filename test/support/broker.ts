import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Aedes, type AedesOptions, type AedesPublishPacket, type Client, type ConnectPacket } from 'aedes';

/** One message that the broker took from a client (or sent as its last will). */
export interface BrokerMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly retain: boolean;
  readonly client: string | undefined;
}

/** A real aedes on an ephemeral port of loopback. */
export interface Broker {
  readonly url: string;
  readonly port: number;
  /** Everything that was published, oldest first. */
  readonly messages: readonly BrokerMessage[];
  /** CONNECT packets that came in, oldest first. */
  readonly connects: readonly ConnectPacket[];
  /** Resolves with the first message (past or to come) that fits. */
  untilMessage(fits: (message: BrokerMessage) => boolean): Promise<BrokerMessage>;
  /** Publishes as the server does; resolves when the broker has it. */
  publish(topic: string, payload: Uint8Array | string, retain?: boolean): Promise<void>;
  /** Cuts every connection without a word. */
  cut(): void;
  /** May be called twice. */
  stop(): Promise<void>;
}

/** Starts a broker; `options` are aedes' own: authenticate, authorizePublish … `port` 0 or left out: any free one. */
export async function startBroker(options: AedesOptions = {}, port = 0): Promise<Broker> {
  const connects: ConnectPacket[] = [];
  const aedes = await Aedes.createBroker({
    ...options,
    preConnect: (client, packet, callback) => {
      connects.push(packet);
      if (options.preConnect === undefined) callback(null, true);
      else options.preConnect(client, packet, callback);
    },
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    aedes.handle(socket);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;

  const messages: BrokerMessage[] = [];
  const waiting = new Set<(message: BrokerMessage) => void>();
  aedes.on('publish', (packet: AedesPublishPacket, client: Client | null) => {
    if (packet.topic.startsWith('$SYS')) return;
    const payload = Buffer.from(packet.payload);
    const message = { topic: packet.topic, payload, retain: packet.retain, client: client?.id };
    messages.push(message);
    for (const look of waiting) look(message);
  });

  let isStopped = false;
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    port: address.port,
    messages,
    connects,
    untilMessage: (fits) =>
      new Promise((resolve) => {
        const look = (message: BrokerMessage) => {
          if (!fits(message)) return;
          waiting.delete(look);
          resolve(message);
        };
        waiting.add(look);
        for (const message of messages) look(message);
      }),
    publish: (topic, payload, retain = false) =>
      new Promise((resolve, reject) => {
        const packet = { cmd: 'publish', topic, payload: Buffer.from(payload), qos: 1, retain, dup: false } as const;
        aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
      }),
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    stop: async () => {
      if (isStopped) return;
      isStopped = true;
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

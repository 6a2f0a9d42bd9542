import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { deviceTopic } from '@bellwether/shared/contract/topics';
import { encodeWindow } from '@bellwether/shared/contract/window-encoding';
import { connectPacket, packet } from './raw-mqtt.js';
import { realWindow } from './real-window.js';

/** One connection that publishes windows. */
export interface LoadLogin {
  readonly device: string;
  /** Undefined: the broker asks for none. */
  readonly password?: string;
}

/** What the process is to send, and to whom. */
export interface LoadSetup {
  readonly port: number;
  readonly logins: readonly LoadLogin[];
  /** In flight per connection. */
  readonly inFlight: number;
}

/** So many windows of each connection, from this sequence on. */
export interface LoadOrder {
  readonly from: number;
  readonly windows: number;
}

/** What was acknowledged; `acknowledged` counts by connection, in their order. */
export interface LoadResult {
  readonly seconds: number;
  readonly acknowledged: readonly number[];
}

/**
 * The main of a process that publishes windows with QoS 1 as quickly as the broker takes them. Packets are made before
 * the clock starts: the load must cost less than what it loads.
 */
class Connection {
  readonly #socket: Socket;
  readonly #device: string;
  readonly #inFlight: number;
  #packets: readonly Buffer[] = [];
  #sent = 0;
  #acknowledged = 0;
  #rest = 0;
  #over: () => void = () => {};

  private constructor(socket: Socket, device: string, inFlight: number) {
    this.#socket = socket;
    this.#device = device;
    this.#inFlight = inFlight;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('error', () => {}); // it ends in `close`
    socket.on('close', () => this.#over());
  }

  static async open({ port, inFlight }: LoadSetup, { device, password }: LoadLogin): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const login = password === undefined ? {} : { userName: device, password };
    socket.write(connectPacket({ clientId: device, ...login }));
    const [connack] = (await once(socket, 'data')) as [Buffer];
    if (connack[3] !== 0) throw new Error(`${device} was not let in: ${connack.toString('hex')}`);
    return new Connection(socket, device, inFlight);
  }

  prepare({ from, windows }: LoadOrder): void {
    const topic = Buffer.from(deviceTopic(this.#device, 'window'));
    const head = Buffer.concat([Buffer.from([topic.length >> 8, topic.length & 0xff]), topic]);
    this.#packets = Array.from({ length: windows }, (_, i) => {
      const id = (i % 65_535) + 1;
      const payload = Buffer.from(encodeWindow(realWindow(this.#device, from + i, Date.now())));
      return packet(0x32, head, Buffer.from([id >> 8, id & 0xff]), payload);
    });
    this.#sent = 0;
    this.#acknowledged = 0;
  }

  /** Resolves with how many were acknowledged: all of them, or those before the connection ended. */
  async run(): Promise<number> {
    const over = new Promise<void>((resolve) => {
      this.#over = resolve;
    });
    this.#send();
    await over;
    return this.#acknowledged;
  }

  #send(): void {
    this.#socket.cork();
    for (; this.#sent < this.#packets.length && this.#sent - this.#acknowledged < this.#inFlight; this.#sent++) {
      this.#socket.write(this.#packets[this.#sent] ?? '');
    }
    this.#socket.uncork();
  }

  /** Only PUBACKs come: four bytes each. */
  #read(bytes: Buffer): void {
    this.#rest += bytes.length;
    this.#acknowledged += Math.floor(this.#rest / 4);
    this.#rest %= 4;
    if (this.#acknowledged >= this.#packets.length) this.#over();
    else this.#send();
  }
}

const setup = JSON.parse(process.argv[2] ?? '') as LoadSetup;
const connections = await Promise.all(setup.logins.map((login) => Connection.open(setup, login)));

async function run(order: LoadOrder): Promise<LoadResult> {
  for (const connection of connections) connection.prepare(order);
  const startedMs = performance.now();
  const acknowledged = await Promise.all(connections.map((connection) => connection.run()));
  return { seconds: (performance.now() - startedMs) / 1000, acknowledged };
}

process.on('message', (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());
process.send?.({ connections: connections.length });

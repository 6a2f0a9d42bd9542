import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a CONNECT says; the rest are an honest client's defaults. */
export interface RawLogin {
  readonly clientId: string;
  readonly userName?: string;
  readonly password?: string;
  readonly clean?: boolean;
  readonly protocol?: string;
  readonly level?: number;
  readonly keepaliveSeconds?: number;
  readonly will?: { readonly topic: string; readonly payload: string };
}

/** A field with its length in two bytes before it (MQTT 3.1.1 §1.5.3). */
function field(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** A packet: its first byte, its length in one to four bytes (§2.2.3), its body. */
export function packet(first: number, ...body: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(body);
  const length: number[] = [];
  for (let left = bytes.length; length.length === 0 || left > 0; left = Math.floor(left / 128)) {
    length.push((left % 128) + (left > 127 ? 128 : 0));
  }
  return Buffer.concat([Buffer.from([first, ...length]), bytes]);
}

export function connectPacket(login: RawLogin): Buffer {
  const { clientId, userName, password, clean = true, protocol = 'MQTT', level = 4, will } = login;
  const flags =
    (clean ? 0x02 : 0) | (will ? 0x2c : 0) | (password === undefined ? 0 : 0x40) | (userName === undefined ? 0 : 0x80);
  const keepalive = login.keepaliveSeconds ?? 0;
  const fields = [clientId, ...(will ? [will.topic, will.payload] : []), userName, password];
  const present = fields.flatMap((each) => (each === undefined ? [] : [field(each)]));
  return packet(0x10, field(protocol), Buffer.from([level, flags, keepalive >> 8, keepalive & 0xff]), ...present);
}

/** `qos` 3 does not exist, and can be said all the same. */
export function publishPacket(
  topic: string,
  payload: string | Uint8Array,
  { qos = 1, retain = false }: { readonly qos?: 0 | 1 | 2 | 3; readonly retain?: boolean } = {},
): Buffer {
  const id = qos === 0 ? [] : [Buffer.from([0, 7])];
  return packet(0x30 | (qos << 1) | (retain ? 1 : 0), field(topic), ...id, Buffer.from(payload));
}

export function subscribePacket(filter: string): Buffer {
  return packet(0x82, Buffer.from([0, 9]), field(filter), Buffer.from([1]));
}

/** MQTT's names for what a broker sends. */
const names: Readonly<Record<number, string>> = {
  2: 'connack',
  3: 'publish',
  4: 'puback',
  9: 'suback',
  13: 'pingresp',
};

/** One connection of somebody who writes MQTT's bytes by hand, and does not keep to its rules. */
export class RawMqtt {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  /** The bodies of the messages that came, oldest first. */
  readonly messages: string[] = [];
  #isClosed = false;
  #look = (): void => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {}); // it ends in `close`
    socket.on('close', () => {
      this.#isClosed = true;
      this.#look();
    });
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#look();
    });
  }

  static async open(url: string): Promise<RawMqtt> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const raw = new RawMqtt(socket);
    await once(socket, 'connect');
    return raw;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  send(...packets: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(packets));
  }

  /**
   * The next packet that is no message: `connack-0`, `connack-4`, `suback-1`, `suback-128`, `puback`; or `closed`, when the
   * broker ended the connection instead. What it says with a CONNACK that refuses is the answer, the end after it is not.
   */
  async answer(): Promise<string> {
    for (;;) {
      const next = this.#take();
      if (next !== undefined && next !== 'publish') return next;
      if (next === undefined && this.#isClosed) return 'closed';
      if (next === undefined) {
        await new Promise<void>((resolve) => {
          this.#look = resolve;
        });
      }
    }
  }

  /** Sends, and tells the answer. */
  ask(...packets: readonly Uint8Array[]): Promise<string> {
    this.send(...packets);
    return this.answer();
  }

  /** Resolves when the broker has ended the connection. */
  async untilClosed(): Promise<void> {
    // Not `once`, which rejects on the error that comes before.
    if (!this.#isClosed) await new Promise((resolve) => this.socket.on('close', resolve));
  }

  /** Cuts it, as a power cut would: the last will is due. */
  cut(): void {
    this.socket.destroy();
  }

  #take(): string | undefined {
    const bytes = this.#received;
    const [length, head] = lengthOf(bytes);
    if (length === undefined || bytes.length < head + length) return undefined;
    const body = bytes.subarray(head, head + length);
    this.#received = bytes.subarray(head + length);
    if ((bytes[0] ?? 0) >> 4 === 3) this.messages.push(body.toString('latin1'));
    const name = names[(bytes[0] ?? 0) >> 4] ?? `packet-${(bytes[0] ?? 0) >> 4}`;
    return name === 'connack' || name === 'suback' ? `${name}-${body.at(-1)}` : name;
  }
}

/** The remaining length, and how many bytes stand before the body. */
function lengthOf(bytes: Buffer): readonly [number | undefined, number] {
  let length = 0;
  for (let at = 1; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    length += (byte % 128) * 128 ** (at - 1);
    if (byte < 128) return [length, at + 1];
  }
  return [undefined, 0];
}

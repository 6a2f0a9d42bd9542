import type { ConsumerReply } from '@bellwether/control-plane/consumers/consumer-api';
import type { FleetProcesses } from './fleet-process.js';
import { connectPacket, RawMqtt, subscribePacket } from './raw-mqtt.js';

/** A consumer that has subscribed to every window and then reads nothing any more, as one whose laptop was closed. */
export class FrozenConsumer {
  readonly #raw: RawMqtt;

  private constructor(raw: RawMqtt) {
    this.#raw = raw;
  }

  static async start(fleet: FleetProcesses, port: number): Promise<FrozenConsumer> {
    const grant = { kinds: ['window'], labels: {} };
    const { userName, password } = await fleet.api<ConsumerReply>('/consumers', { name: 'frozen', grant });
    const raw = await RawMqtt.open(`mqtt://127.0.0.1:${port}`);
    const connack = await raw.ask(connectPacket({ clientId: userName, userName, password }));
    const suback = await raw.ask(subscribePacket('bw/v1/+/+/window'));
    if (connack !== 'connack-0' || suback !== 'suback-1') throw new Error(`${connack}, ${suback}`);
    raw.socket.pause();
    return new FrozenConsumer(raw);
  }

  stop(): void {
    this.#raw.cut();
  }
}

import { type Uplink, UplinkError, type UplinkHandlers, type UplinkStanding } from '../uplink/uplink.js';
import type { UplinkMqtt } from '../uplink/uplink-mqtt.js';

interface SimulatedUplinkParts {
  readonly mqtt: UplinkMqtt;
  /** Connected, it says nothing. */
  readonly isSilent: boolean;
  /** The broker has acknowledged it. */
  readonly onPublished: (topic: Parameters<Uplink['publish']>[0], payload: Uint8Array) => void;
}

/** The agent's MQTT over its own socket; what it publishes is looked at, or held back by a silent device. */
export class SimulatedUplink implements Uplink {
  readonly #parts: SimulatedUplinkParts;

  constructor(parts: SimulatedUplinkParts) {
    this.#parts = parts;
  }

  get connected(): boolean {
    return this.#parts.mqtt.connected;
  }

  get standing(): UplinkStanding {
    return this.#parts.mqtt.standing;
  }

  start(handlers: UplinkHandlers): void {
    this.#parts.mqtt.start(handlers);
  }

  stop(): Promise<void> {
    return this.#parts.mqtt.stop();
  }

  async publish(topic: Parameters<Uplink['publish']>[0], payload: Uint8Array): Promise<void> {
    const { mqtt, isSilent, onPublished } = this.#parts;
    if (isSilent) throw new UplinkError('timeout', 'a silent device says nothing');
    await mqtt.publish(topic, payload);
    onPublished(topic, payload);
  }
}

import type { MqttClient } from 'mqtt';
import type { Order } from '@bellwether/shared/contract/order';
import type { CanaryReport } from '@bellwether/shared/contract/report';
import { type FleetDevice, openOrder, presence, untilClosed } from './fleet-device.js';
import { quietCells } from './quiet-cells.js';
import { armOf, bytesOf, reportOf, windowOf } from './telemetry-messages.js';

/** What both arms did in one window. */
export interface WireCalls {
  readonly stable: number;
  readonly canary: number;
  readonly errors: { readonly stable: number; readonly canary: number };
}

/** A device of the wire that says of every order that it is carried out, and whose windows say what a test says. */
export class WireDevice {
  readonly id: string;
  readonly #device: FleetDevice;
  readonly #client: MqttClient;
  readonly #keys: string;
  #order: { readonly order: Order; readonly digest: string } | undefined;
  #sequence = 0;
  /** Ends when the last order has been answered. */
  #answered: Promise<unknown> = Promise.resolve();
  readonly #closed: Promise<void>;

  private constructor(device: FleetDevice, client: MqttClient, keys: string) {
    this.id = device.id;
    this.#device = device;
    this.#client = client;
    this.#keys = keys;
    this.#closed = untilClosed(client);
  }

  /** Connects; `keys`: of the server, which signs the orders. */
  static async connect(device: FleetDevice, keys: string): Promise<WireDevice> {
    const client = await device.connect();
    const wire = new WireDevice(device, client, keys);
    client.on('message', (_topic, payload) => {
      wire.#answered = wire.#answered.then(() => wire.#take(payload));
    });
    await client.subscribeAsync(device.topic('order'), { qos: 1 });
    await wire.#publish('presence', presence('online'));
    await wire.report();
    return wire;
  }

  /** Says that it runs what it was ordered, the canary in this state. */
  async report(state: CanaryReport['state'] = 'ready'): Promise<void> {
    const { order, digest } = this.#order ?? {};
    const models = Object.entries(order?.models ?? {}).map(([model, { stable, canary }]) => ({
      model,
      serving: { ...stable, sinceMs: 0, phase: 'settled' as const },
      install: null,
      refusal: null,
      ...(canary !== undefined && { canary: { ...canary, state, segment: 1 } }),
    }));
    const observed =
      order === undefined || digest === undefined ? null : { epoch: order.epoch, generation: order.generation, digest };
    this.#sequence++;
    await this.#publish(
      'report',
      reportOf({ device: this.id, sequence: this.#sequence, state: 'converged', observed, models }),
    );
  }

  /** One window of both arms; the compute times of stable's calls are 1 ms, the canary's 2 ms. */
  async window({ stable, canary, errors }: WireCalls): Promise<void> {
    const entry = this.#order?.order.models['digits'];
    if (entry?.canary === undefined) throw new Error(`${this.id} has no canary`);
    const { rollout, step, mode, share, manifest, version } = entry.canary;
    this.#sequence++;
    const ofArm = (arm: 'stable' | 'canary') => ({
      arm,
      segment: 1,
      ...(arm === 'stable' ? entry.stable : { version, manifest }),
    });
    const evidence = {
      rollout,
      step,
      mode,
      share,
      model: 'digits',
      segment: 1,
      startedAtMs: Date.now(),
      stable: entry.stable.manifest,
      canary: manifest,
      calls: { stable, canary },
      runnerMs: { stable: 1000, canary: 1000 },
      labelled: { stable: 0, canary: 0 },
      cells: { error: errors, ...quietCells(mode, share) },
      both: {},
      slowMicros: {},
    };
    const arms = [
      armOf(
        Array.from({ length: stable }, () => 1000),
        ofArm('stable'),
      ),
      armOf(
        Array.from({ length: canary }, () => 2000),
        ofArm('canary'),
      ),
    ];
    await this.#publish('window', windowOf({ device: this.id, sequence: this.#sequence, arms, evidence: [evidence] }));
  }

  /** Whether its order has a canary. */
  get hasCanary(): boolean {
    return this.#order?.order.models['digits']?.canary !== undefined;
  }

  /** Ends it, also after its server: what that had not acknowledged is not waited for, and what still comes not answered. */
  async stop(): Promise<void> {
    this.#client.removeAllListeners('message');
    await Promise.race([this.#answered, this.#closed]);
    await this.#client.endAsync(!this.#client.connected);
  }

  async #take(envelope: Uint8Array): Promise<void> {
    this.#order = await openOrder(this.#keys, envelope);
    await this.report();
  }

  async #publish(what: 'presence' | 'report' | 'window', message: unknown): Promise<void> {
    await this.#client.publishAsync(this.#device.topic(what), bytesOf(message), { qos: 1 });
  }
}

import type { Clock } from '@bellwether/shared/clock';
import type { Inquiry } from '@bellwether/shared/contract/inquiry';
import type { Order } from '@bellwether/shared/contract/order';
import { fingerprintOf } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import { sealEnvelopeBy } from '@bellwether/shared/signing/envelope';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { ReadySigners } from '@bellwether/shared/signing/ready-signers';
import type { AuditTrail } from '../audit/audit-row.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Device } from '../fleet/device.js';
import type { DeviceChannel } from '../messaging/device-channel.js';
import { composeModels, contentDigest, type ModelOrder, urgentNews } from './compose.js';
import { isOvertaken, nextGeneration } from './generation.js';
import type { OrderStore, StoredOrder } from './order-store.js';

interface OrderParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: OrderStore;
  readonly channel: Pick<DeviceChannel, 'publishOrder'>;
  /** The keys that sign: two while the director's is replaced. */
  readonly directors: () => readonly KeyPair[];
  readonly catalog: Pick<Catalog, 'epoch' | 'versions' | 'releases'>;
  readonly audit: Pick<AuditTrail, 'recordSoon'>;
  /** What is asked of a device. */
  readonly inquiries: (device: string) => readonly Inquiry[];
  /** Told when a device's order is another one. */
  readonly changed: (device: string) => void;
}

/** The signed orders: one retained message for each device, and the row that it comes from. */
export class Orders {
  readonly #parts: OrderParts;
  readonly #orders = new Map<string, StoredOrder>();
  /** By device that was put out, how often: an order that was being stored meanwhile must not go out after all. */
  readonly #withdrawals = new Map<string, number>();
  /** A rollout signs thousands of orders. */
  readonly #signers: ReadySigners;

  constructor(parts: OrderParts) {
    this.#parts = parts;
    this.#signers = new ReadySigners(parts.directors);
  }

  /** Publishes every stored order again: the broker forgets what it retained when it stops [W-6]. */
  async start(): Promise<void> {
    for (const order of this.#parts.store.all()) this.#orders.set(order.device, order);
    await Promise.all([...this.#orders.keys()].map((device) => this.#publish(device)));
  }

  /** The newest order of a device; undefined when it never had one. */
  of(device: string): StoredOrder | undefined {
    return this.#orders.get(device);
  }

  /**
   * Makes the device's order say this: stored, then published. The same content needs no new
   * generation, unless the device has accepted a higher one than we know of. Safe to call at any time, and twice.
   */
  async ensure(device: Device, ordered: readonly ModelOrder[]): Promise<void> {
    const models = composeModels(ordered);
    if (models === undefined) return;
    const withdrawals = this.#withdrawals.get(device.id);
    for (;;) {
      const last = this.#orders.get(device.id);
      const content = this.#contentOf(device, models);
      const observed = device.report?.observed ?? null;
      if (last?.content === content && !isOvertaken(last, observed)) return;
      const next = this.#sign(device, models, content, last);
      const isStored = await this.#parts.store.compareAndSet(next, last);
      if (this.#withdrawals.get(device.id) !== withdrawals) return;
      if (isStored) {
        this.#orders.set(device.id, next);
        break;
      }
      this.#reload(device.id);
    }
    await this.#publish(device.id);
    this.#parts.changed(device.id);
    await this.#writeDown(device.id);
  }

  /** Nothing is ordered any more to a device that was put out: the broker forgets what it retained for it [T-11]. */
  async withdraw(device: string): Promise<void> {
    this.#withdrawals.set(device, (this.#withdrawals.get(device) ?? 0) + 1);
    this.#orders.delete(device);
    // MQTT 3.1.1 §3.3.1.3: an empty retained message removes the one before.
    await this.#parts.channel.publishOrder(device, new Uint8Array());
  }

  #contentOf(device: Device, models: Order['models']): string {
    const { catalog, directors, inquiries } = this.#parts;
    const asked = inquiries(device.id).map(({ id }) => id);
    const urgent = urgentNews({ versions: catalog.versions, releases: catalog.releases() }, models);
    const news = asked.length === 0 ? urgent : [...urgent, asked];
    const keys = directors().map(({ publicKey }) => publicKey);
    return contentDigest({ epoch: catalog.epoch, directors: keys, device: device.publicKey }, models, news);
  }

  #sign(device: Device, models: Order['models'], content: string, last: StoredOrder | undefined): StoredOrder {
    const { epoch, versions } = this.#parts.catalog;
    const inquiries = this.#parts.inquiries(device.id);
    const generation = nextGeneration(epoch, last, device.report?.observed ?? null);
    const issuedAtMs = Math.floor(this.#parts.clock.now().wallMs);
    const order: Order = {
      schema: 'bellwether.order.v1',
      device: { id: device.id, fingerprint: fingerprintOf(device.publicKey) },
      epoch,
      generation,
      issuedAtMs,
      models,
      ...(inquiries.length > 0 && { inquiries: [...inquiries] }),
      metadata: { snapshot: versions.snapshot },
    };
    const envelope = sealEnvelopeBy('order', order, this.#signers.all());
    // The envelope signs JSON.stringify of the order: the same bytes that the device will digest.
    const digest = sha256(Buffer.from(JSON.stringify(order)));
    return { device: device.id, epoch, generation, content, digest, models, envelope, issuedAtMs };
  }

  /** After it went out: a rollback waits for no bookkeeping. */
  async #writeDown(device: string): Promise<void> {
    const order = this.#orders.get(device);
    if (order === undefined) return;
    const { epoch, generation, digest, models } = order;
    const releases = Object.entries(models).map(([model, { stable, canary }]) => {
      const beside = canary === undefined ? '' : `+${canary.version}:${canary.mode}:${canary.share / 100}%`;
      return `${model}@${stable.version}${beside}`;
    });
    const details = { epoch, generation, digest, models: releases.join(' ') };
    await this.#parts.audit.recordSoon({ actor: 'server', action: 'order.issue', subject: device, details });
  }

  /** Somebody else allocated a generation; go on from theirs. */
  #reload(device: string): void {
    const stored = this.#parts.store.find(device);
    if (stored !== undefined) this.#orders.set(device, stored);
  }

  /** Always the newest: two publications of one device may overtake each other. A failure is logged; the order is stored and goes out again at the next start. */
  async #publish(device: string): Promise<void> {
    const order = this.#orders.get(device);
    if (order === undefined) return;
    const { log, channel } = this.#parts;
    try {
      await channel.publishOrder(device, order.envelope);
      log.info({ device, epoch: order.epoch, generation: order.generation }, 'An order was published');
    } catch (cause) {
      log.error({ err: cause, device, generation: order.generation }, 'An order could not be published');
    }
  }
}

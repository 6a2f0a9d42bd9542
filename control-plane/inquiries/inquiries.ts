import { randomBytes } from 'node:crypto';
import type { Clock } from '@bellwether/shared/clock';
import { type Inquiry, type InquiryAnswer, maxInquiries } from '@bellwether/shared/contract/inquiry';
import type { Actor, AuditTrail } from '../audit/audit-row.js';
import type { Fleet } from '../fleet/fleet.js';
import type { InquiryRequest, InquiryView } from './inquiry-api.js';
import { InquiryError } from './inquiry-error.js';
import type { InquiryStoreSql, StoredInquiry } from './inquiry-store-sql.js';

interface InquiryParts {
  readonly store: InquiryStoreSql;
  readonly fleet: Pick<Fleet, 'get'>;
  /** Whether the device has an order, which would carry it. */
  readonly isOrdered: (device: string) => boolean;
  /** The device is to be ordered again. */
  readonly changed: (device: string) => Promise<void>;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

const defaultHours = 24;
/** Answers are kept for a week, and no more than these: 64 of at most 256 kB are 16 MB. */
const keptMs = 7 * 86_400_000;
const keptAnswers = 64;
const keptOfDevice = 8;

/** Questions to devices: each is written down, stored, carried by the device's order, answered once, and forgotten in time. */
export class Inquiries {
  readonly #parts: InquiryParts;
  /** By id, oldest first; without the answers. */
  readonly #known = new Map<string, StoredInquiry>();
  /** By device, how many are being stored: two at once must not both be the last that an order has room for, or no device would take that order. */
  readonly #coming = new Map<string, number>();

  constructor(parts: InquiryParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    for (const inquiry of await this.#parts.store.all()) this.#known.set(inquiry.id, inquiry);
  }

  /** What the device's order asks. */
  openOf(device: string): readonly Inquiry[] {
    return this.#of(device).flatMap((inquiry) => {
      const { id, kind, lines, expiresAtMs } = inquiry;
      if (this.#stateOf(inquiry) !== 'waiting') return [];
      return [{ id, kind, ...(lines !== undefined && { lines }), expiresAtMs }];
    });
  }

  /** Throws FleetError `device-unknown`, InquiryError `inquiry-unordered` or `inquiry-limit`. */
  async ask(device: string, { kind, lines, hours = defaultHours }: InquiryRequest, by: Actor): Promise<InquiryView> {
    const { fleet, isOrdered, store, clock, audit, changed } = this.#parts;
    fleet.get(device);
    if (!isOrdered(device)) {
      throw new InquiryError(
        'inquiry-unordered',
        `${device} has no order yet that could carry a question: roll a release out to it first`,
      );
    }
    const coming = this.#coming.get(device) ?? 0;
    const open = this.openOf(device).length + coming;
    if (open >= maxInquiries) {
      throw new InquiryError('inquiry-limit', `${open} questions wait for ${device} already`);
    }
    const askedAtMs = Math.floor(clock.now().wallMs);
    const inquiry: StoredInquiry = {
      id: randomBytes(16).toString('hex'),
      device,
      kind,
      ...(kind === 'logs' && lines !== undefined && { lines }),
      by,
      askedAtMs,
      expiresAtMs: askedAtMs + hours * 3_600_000,
      answeredAtMs: null,
    };
    this.#coming.set(device, coming + 1);
    try {
      await this.#forget(device);
      audit.record({ actor: by, action: `device.${kind}`, subject: device, details: { inquiry: inquiry.id, hours } });
      await store.put(inquiry);
      this.#known.set(inquiry.id, inquiry);
    } finally {
      const rest = (this.#coming.get(device) ?? 1) - 1;
      if (rest === 0) this.#coming.delete(device);
      else this.#coming.set(device, rest);
    }
    await changed(device);
    return this.#view(inquiry);
  }

  /** Newest first, without answers. */
  list(device: string): readonly InquiryView[] {
    this.#parts.fleet.get(device);
    return this.#of(device)
      .toReversed()
      .map((inquiry) => this.#view(inquiry));
  }

  /** With its answer; throws InquiryError `inquiry-unknown`. */
  async read(device: string, id: string): Promise<InquiryView> {
    const inquiry = this.#find(device, id);
    const answer = inquiry.answeredAtMs === null ? undefined : await this.#parts.store.answerOf(id);
    return { ...this.#view(inquiry), ...(answer !== undefined && { answer }) };
  }

  /** Takes a device's answer; throws InquiryError `inquiry-unknown` or `inquiry-closed`. */
  async answer(device: string, id: string, answer: InquiryAnswer): Promise<void> {
    const { store, clock, audit } = this.#parts;
    const inquiry = this.#find(device, id);
    const answeredAtMs = Math.floor(clock.now().wallMs);
    const isAsked = answer.kind === inquiry.kind && answer.device === device;
    if (!isAsked || this.#stateOf(inquiry) !== 'waiting' || !(await store.answer(id, answer, answeredAtMs))) {
      throw new InquiryError('inquiry-closed', `the question ${id} was answered, or has run out, or was another one`);
    }
    await audit.recordSoon({
      actor: `device:${device}`,
      action: 'device.answer',
      subject: device,
      details: { inquiry: id },
    });
    // Seen by nobody before it is written down.
    this.#known.set(id, { ...inquiry, answeredAtMs });
  }

  #find(device: string, id: string): StoredInquiry {
    const inquiry = this.#known.get(id);
    if (inquiry === undefined || inquiry.device !== device) {
      throw new InquiryError('inquiry-unknown', `${device} was not asked ${id}`);
    }
    return inquiry;
  }

  #of(device: string): readonly StoredInquiry[] {
    return [...this.#known.values()].filter((inquiry) => inquiry.device === device);
  }

  #view(inquiry: StoredInquiry): InquiryView {
    const { lines: _, ...shown } = inquiry;
    return { ...shown, state: this.#stateOf(inquiry) };
  }

  #stateOf({ answeredAtMs, expiresAtMs }: StoredInquiry): InquiryView['state'] {
    if (answeredAtMs !== null) return 'answered';
    return this.#parts.clock.now().wallMs < expiresAtMs ? 'waiting' : 'expired';
  }

  /** Makes room before a question is added: what is over and old, or too much, goes; what waits stays. */
  async #forget(device: string): Promise<void> {
    const nowMs = this.#parts.clock.now().wallMs;
    const over = [...this.#known.values()].filter((inquiry) => this.#stateOf(inquiry) !== 'waiting').toReversed();
    const ofDevice = over.filter((inquiry) => inquiry.device === device);
    const gone = over.filter(
      (inquiry, i) =>
        nowMs - inquiry.askedAtMs > keptMs || i >= keptAnswers - 1 || ofDevice.indexOf(inquiry) >= keptOfDevice - 1,
    );
    if (gone.length === 0) return;
    await this.#parts.store.remove(gone.map(({ id }) => id));
    for (const { id } of gone) this.#known.delete(id);
  }
}

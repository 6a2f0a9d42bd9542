import type { Clock } from '@bellwether/shared/clock';
import type { Report } from '@bellwether/shared/contract/report';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { Uplink } from '../uplink/uplink.js';
import type { ReportContent } from './report.js';

/** A report that did not get through while the connection stands is sent again after this. */
const againMs = 5_000;
/** An install takes some phases in a moment, and each report is signed, verified and stored: on the way they are told together. Where it ends is told at once. */
const gapMs = 250;

export interface ReportPublisherParts {
  readonly uplink: Pick<Uplink, 'connected' | 'publish'>;
  /** Signs the receipt of a report that is about to go out [T-12]. */
  readonly receiptFor: (report: Omit<Report, 'receipt'>) => Promise<Report['receipt']>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Publishes the report on every change and on every connection; what was overtaken by a newer one is not sent. */
export class ReportPublisher {
  readonly #parts: ReportPublisherParts;
  #latest: ReportContent | undefined;
  #published = '';
  #sequence = 0;
  #sending: Promise<void> | undefined;
  #cancelAgain: () => void = () => {};
  #endPause: () => void = () => {};
  #isWanted = false;
  #isStopped = false;

  constructor(parts: ReportPublisherParts) {
    this.#parts = parts;
  }

  /** What is true now. Sent when it differs from what the broker has. */
  offer(content: ReportContent): void {
    this.#latest = content;
    if (content.state !== 'working') this.#endPause();
    this.#send();
  }

  /** A new connection: the broker, or the server behind it, may know nothing. */
  connected(): void {
    this.#published = '';
    this.#send();
  }

  /** Sends nothing more; resolves when nothing is on its way. May be called twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelAgain();
    this.#endPause();
    await this.#sending;
  }

  #send(): void {
    this.#isWanted = true;
    this.#sending ??= this.#sendWanted();
  }

  async #sendWanted(): Promise<void> {
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false;
      if (await this.#sendLatest()) await this.#pause();
    }
    this.#sending = undefined;
  }

  /** Until the next report of work under way may follow the last one; not after the end. */
  async #pause(): Promise<void> {
    if (this.#isStopped || this.#latest?.state !== 'working') return;
    await new Promise<void>((resolve) => {
      const cancel = this.#parts.clock.after(gapMs, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  /** True when there was something to send. */
  async #sendLatest(): Promise<boolean> {
    const { uplink, clock, log } = this.#parts;
    const text = JSON.stringify(this.#latest);
    if (this.#latest === undefined || text === this.#published || !uplink.connected) return false;
    const unsigned = { ...this.#latest, sequence: this.#sequence++, atMs: Math.round(clock.now().wallMs) };
    try {
      const report: Report = { ...unsigned, receipt: await this.#receiptFor(unsigned) };
      await uplink.publish('report', Buffer.from(JSON.stringify(report)));
      this.#published = text;
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'report not published');
      this.#cancelAgain();
      this.#cancelAgain = clock.after(againMs, () => this.#send());
    }
    return true;
  }

  /** A full disk keeps no receipt; the report that tells of it goes out all the same. */
  async #receiptFor(report: Omit<Report, 'receipt'>): Promise<Report['receipt']> {
    try {
      return await this.#parts.receiptFor(report);
    } catch (error) {
      this.#parts.log.warn({ err: messageOf(error) }, 'no receipt could be kept; the report goes out unsigned');
      return null;
    }
  }
}

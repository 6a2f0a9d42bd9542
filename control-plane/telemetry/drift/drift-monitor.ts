import type { Clock } from '@bellwether/shared/clock';
import type { Window } from '@bellwether/shared/contract/window';
import { codeOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { DriftBook, type WatchedSubject } from './drift-book.js';
import type { DriftFinding, DriftFindings, WatchedLabel } from './drift-finding.js';
import type { DriftStore } from './drift-store.js';
import { foundDrift } from './found-drift.js';
import { type FreshRows, FreshWindows } from './fresh-windows.js';
import { MissedWindows } from './missed-windows.js';
import type { ReferenceBook } from './reference-book.js';
import { TimeSlices } from './time-slices.js';
import { type Waiting, WaitingRows } from './waiting-rows.js';

const lookEveryMs = 60_000;
const firstLookMs = 1000;
/** Whoever asks is answered with a look of their own, but no more often than this. */
const askedEveryMs = 1000;
/** Devices that are looked at before their turn when somebody asks. */
const earlyDevices = 200;
/** More than this do not wait, whoever's turn it is. */
const maxWaiting = 30_000;
/** Looks that are stored in one transaction. */
const looksInCommit = 4;
/** Looks of before the start that are read at a time. */
const looksAtATime = 20;

export interface MonitorParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: DriftStore;
  readonly references: Pick<ReferenceBook, 'of' | 'settled'>;
  /** Labels of a device as `key=value`. */
  readonly labelsOf: (device: string) => readonly string[];
}

/** What is known of drift, as of the last look. */
export interface DriftReport {
  readonly findings: readonly DriftFinding[];
  /** Every release on all of its devices and on those of each label; how many devices were looked at. */
  readonly watched: readonly WatchedSubject[];
  /** Wall milliseconds of the last look; null before the first. */
  readonly atMs: number | null;
  /** Windows since the start that could not be counted: too many at once, or stored too long before the start. */
  readonly skippedWindows: number;
}

/**
 * Watches every release for drift: on each device, on the devices of each label, and on all of them. A window costs
 * an addition; once a minute there is one look at each release and label, and at the devices whose turn it is. Every look
 * is stored with the number of the newest window in it, so that after a crash each window counts once.
 */
export class DriftMonitor implements DriftFindings {
  readonly #parts: MonitorParts;
  readonly #fresh: FreshWindows;
  readonly #waiting = new WaitingRows();
  readonly #book: DriftBook;
  readonly #missed: MissedWindows;
  readonly #slices: TimeSlices;
  readonly #listeners = new Set<(findings: readonly DriftFinding[]) => void>();
  #findings: readonly DriftFinding[] = [];
  #labels: readonly WatchedLabel[] = [];
  #releases: ReadonlySet<string> = new Set();
  #atMs: number | null = null;
  /** Every window up to this number was taken. */
  #taken = 0;
  /** The row after which stored looks were not read yet; null when all were. */
  #nextLook: number | null = 0;
  #looking: Promise<void> | undefined;
  #cancel: () => void = () => {};

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#fresh = new FreshWindows(parts.references);
    this.#book = new DriftBook(parts.references);
    this.#missed = new MissedWindows(parts);
    this.#slices = new TimeSlices(parts.clock);
  }

  /** Before the first new window. */
  start(): void {
    const { store } = this.#parts;
    this.#taken = store.newest();
    this.#missed.start(this.#taken);
    this.#schedule(firstLookMs);
  }

  /** What was taken and not looked at is read from the windows after the next start. */
  async stop(): Promise<void> {
    this.#cancel();
    this.#slices.stop();
    await this.#looking;
  }

  /** Takes in a window that is new and committed, before anything else can run. */
  take(device: string, window: Window): void {
    this.#fresh.take(device, window);
  }

  findings(): readonly DriftFinding[] {
    return this.#findings;
  }

  watchedLabels(): readonly WatchedLabel[] {
    return this.#labels;
  }

  watchedReleases(): ReadonlySet<string> {
    return this.#releases;
  }

  onLook(listener: (findings: readonly DriftFinding[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is known; somebody asks, so it is looked at first. */
  async report(): Promise<DriftReport> {
    if (this.#atMs === null || this.#parts.clock.now().wallMs - this.#atMs >= askedEveryMs)
      await this.#look(earlyDevices);
    const { skipped } = this.#fresh;
    const skippedWindows = skipped + this.#missed.skipped;
    return {
      findings: this.#findings,
      watched: this.#book.watched(this.#parts.clock.now().wallMs),
      atMs: this.#atMs,
      skippedWindows,
    };
  }

  #schedule(delayMs: number): void {
    this.#cancel = this.#parts.clock.after(delayMs, () => {
      void this.#look(0).then(() => {
        if (!this.#slices.isStopped) this.#schedule(lookEveryMs);
      });
    });
  }

  /** One at a time: who asks meanwhile waits for the one that runs. */
  #look(early: number): Promise<void> {
    this.#looking ??= this.#lookNow(early).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookNow(early: number): Promise<void> {
    const { clock, log, store } = this.#parts;
    try {
      await this.#readLooks();
      await this.#missed.readInto((rows, found) => this.#wait(rows, found), this.#slices);
      await this.#parts.references.settled();
      if (this.#slices.isStopped) return;
      const nowMs = clock.now().wallMs;
      await this.#lookAtAll(early, nowMs);
      if (this.#slices.isStopped) return;
      store.setThrough(this.#waiting.through(this.#taken));
      this.#book.forgetBefore(nowMs, store);
      this.#findings = foundDrift(this.#book.looks(nowMs));
      this.#labels = this.#book.labels(nowMs);
      this.#releases = this.#book.releases(nowMs);
      this.#atMs = nowMs;
    } catch (cause) {
      // What waits goes on waiting; ingest has its own, louder answer to a database that does not write.
      log.warn({ err: cause, code: codeOf(cause) }, 'Drift could not be looked at; the next look tries again');
      return;
    }
    for (const listener of this.#listeners) listener(this.#findings);
  }

  /** What was looked at before the start, once, in slices: thousands of devices take a second. */
  async #readLooks(): Promise<void> {
    while (this.#nextLook !== null) {
      const looks = this.#parts.store.looks(this.#nextLook, looksAtATime);
      for (const look of looks) {
        this.#book.read(look);
        this.#missed.has(look);
      }
      this.#nextLook = looks.at(-1)?.row ?? null;
      if (await this.#slices.isOver()) return;
    }
  }

  async #lookAtAll(early: number, nowMs: number): Promise<void> {
    // In one turn: the newest window is the last of those that were taken.
    const fresh = this.#fresh.drain();
    const after = this.#taken;
    const through = this.#parts.store.newest();
    if (!this.#fresh.isWaiting) this.#taken = through;
    for (const rows of fresh) {
      this.#wait(rows, { after, nowMs });
      if (await this.#slices.isOver()) return;
    }
    const due = this.#waiting.due(nowMs, this.#waiting.size > maxWaiting ? Infinity : early);
    for (let at = 0; at < due.length; at += looksInCommit) {
      this.#store(due.slice(at, at + looksInCommit), { through, nowMs });
      if (await this.#slices.isOver()) return;
    }
  }

  /** Adds rows of a device to what waits on it, on its labels and on the release, unless a look has them. */
  #wait(
    { device, release, sum }: FreshRows,
    { after, nowMs, isMissed = () => true }: Parameters<Parameters<MissedWindows['readInto']>[0]>[1],
  ): void {
    const labels = this.#parts.labelsOf(device).map((label) => ({ level: 'label', label }) as const);
    for (const subject of [{ level: 'device', device } as const, ...labels, { level: 'release' } as const]) {
      if (isMissed(subject)) this.#waiting.add({ subject, release, sinceMs: nowMs, after }, sum);
    }
  }

  #store(due: readonly Waiting[], { through, nowMs }: { readonly through: number; readonly nowMs: number }): void {
    const { store } = this.#parts;
    const looked = due.map((waiting) => this.#book.lookAt(waiting, store.detectors(keyOf(waiting)), nowMs));
    store.inOneCommit(() => {
      for (const { look, detectors } of looked) store.put({ ...look, through }, detectors);
    });
    for (const { look } of looked) this.#book.keep(look);
    for (const waiting of due) this.#waiting.done(waiting);
  }
}

function keyOf({ subject, release }: Waiting) {
  return { subject, manifest: release.manifest };
}

import type { Clock } from '@bellwether/shared/clock';

/** Bytes that may come over the wire for one blob: a multiple of its size, and something for small ones. */
const budgetFactor = 3;
const budgetFloor = 1024 * 1024;

export interface TransferMeterOptions {
  readonly blobBytes: number;
  /** 0: no cap. */
  readonly maxBytesPerSecond: number;
  /** Told how many bytes of the blob are here. */
  readonly onBytes: (bytes: number) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Counts what came over the wire for one blob, holds the bandwidth cap, and knows when it was too much. */
export class TransferMeter {
  readonly #options: TransferMeterOptions;
  readonly #startedMs: number;
  #received = 0;

  constructor(options: TransferMeterOptions) {
    this.#options = options;
    this.#startedMs = options.clock.now().monotonicMs;
  }

  get received(): number {
    return this.#received;
  }

  get isOverBudget(): boolean {
    return this.#received > this.#options.blobBytes * budgetFactor + budgetFloor;
  }

  /** Counts a chunk, after which `present` bytes of the blob are here, and waits while that is faster than the cap. */
  async count(bytes: number, present: number): Promise<void> {
    const { maxBytesPerSecond, clock, signal, onBytes } = this.#options;
    this.#received += bytes;
    onBytes(present);
    if (maxBytesPerSecond === 0) return;
    const elapsedMs = clock.now().monotonicMs - this.#startedMs;
    const aheadMs = (this.#received / maxBytesPerSecond) * 1000 - elapsedMs;
    if (aheadMs > 0) await clock.sleep(aheadMs, signal);
    signal.throwIfAborted();
  }
}

import { ManualClock } from './manual-clock.js';

/** Time goes by while something is done, too: what it takes is added to `spentMs`. */
export class BusyClock extends ManualClock {
  spentMs = 0;

  override now() {
    const { wallMs, monotonicMs } = super.now();
    return { wallMs, monotonicMs: monotonicMs + this.spentMs };
  }
}

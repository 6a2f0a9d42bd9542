import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** The longest time between two turns of this thread's event loop while `act` runs, in ms, to about a millisecond. */
export async function longestGapMs(act: () => Promise<unknown>): Promise<number> {
  const monitor = monitorEventLoopDelay({ resolution: 1 });
  monitor.enable();
  // The monitor is a timer: it must have ticked before what it is to see, and once more after it.
  await sleep(5);
  await act();
  await sleep(5);
  monitor.disable();
  return monitor.max / 1e6;
}

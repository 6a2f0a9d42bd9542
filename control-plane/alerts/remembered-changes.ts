import type { Device } from '../fleet/device.js';
import type { TimelineStoreSql } from '../timeline/timeline-store-sql.js';
import { type ChangeBook, changeKinds, keptMs } from './change-book.js';

/** Most events that are read. */
const maxEvents = 20_000;

interface Remembered {
  readonly timeline: Pick<TimelineStoreSql, 'servedBefore' | 'page'>;
  /** What devices ran on when they last said so. */
  readonly systems: Iterable<{ readonly device: string; readonly system: string }>;
  /** The devices that are in. */
  readonly devices: Iterable<Device>;
  /** Most events that are read one by one; left out: `maxEvents`. */
  readonly most?: number;
}

/** Writes into the book what happened before this start of the server, which a cause may lie in. */
export function rememberChanges(
  book: ChangeBook,
  { timeline, systems, devices, most = maxEvents }: Remembered,
  nowMs: number,
): void {
  const from = nowMs - keptMs;
  const { events } = timeline.page({ from, kind: changeKinds.join() }, most);
  // Of a large fleet that is not all: of what is older it is known at least which release was there, or the next would pass for the first.
  const oldestMs = events.length < most ? from : (events.at(-1)?.atMs ?? from) + 1;
  for (const { device, release } of timeline.servedBefore(oldestMs)) book.served(device, release);
  for (const event of events.toReversed()) {
    if (event.device !== null) book.event({ ...event, device: event.device }, event.arrivedAtMs);
  }
  // Last: what is said now is what was changed to.
  for (const { device, system } of systems) book.ran(device, system);
  for (const { report } of devices) if (report !== null) book.report(report, nowMs);
}

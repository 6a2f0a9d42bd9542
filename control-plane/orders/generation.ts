import type { Report } from '@bellwether/shared/contract/report';

/** An order's number, and SHA-256 of its payload. */
export interface OrderNumber {
  readonly epoch: number;
  readonly generation: number;
  readonly digest: string;
}

/**
 * The generation of the next order: above the last one here and above what the device has accepted. After the database
 * was restored from a backup the device knows better than we do [T-7]. An older epoch does not count.
 */
export function nextGeneration(epoch: number, last: OrderNumber | undefined, observed: Report['observed']): number {
  const known = [last, observed].map((number) => (number?.epoch === epoch ? number.generation : 0));
  return Math.max(...known) + 1;
}

/** True when the device has accepted another order than our last one under its number or a higher one: it would refuse ours. */
export function isOvertaken(last: OrderNumber, observed: Report['observed']): boolean {
  if (observed?.epoch !== last.epoch) return false;
  if (observed.generation === last.generation) return observed.digest !== last.digest;
  return observed.generation > last.generation;
}

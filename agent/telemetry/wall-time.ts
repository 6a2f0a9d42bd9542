import type { Instant } from '@bellwether/shared/clock';
import type { Window } from '@bellwether/shared/contract/window';

/** Beyond this the machine's clock is wrong, not merely unsynchronised. */
const toleratedMs = 60_000;

/** A window's place in time [W-4]. */
type WindowTime = Pick<Window, 'wallStartMs' | 'wallEndMs' | 'clock'>;

/**
 * The wall time, milliseconds since 1970, and whose clock it is: the machine's, unless signed server time contradicts it by
 * more than a minute (a board without a battery in 1970, a lying NTP). `serverMs` is what the server's signed time has become by now,
 * undefined before the first.
 */
export function wallTime(
  wallMs: number,
  serverMs: number | undefined,
): { readonly ms: number; readonly clock: Window['clock'] } {
  if (serverMs === undefined || Math.abs(wallMs - serverMs) <= toleratedMs) {
    return { ms: Math.max(0, Math.round(wallMs)), clock: 'system' };
  }
  return { ms: Math.round(serverMs), clock: 'server' };
}

/** Where a window lies. Its length is monotonic: a clock that was set meanwhile neither stretches it nor turns it round. */
export function windowTime(start: Instant, end: Instant, serverMs: number | undefined): WindowTime {
  const { ms, clock } = wallTime(end.wallMs, serverMs);
  return { wallStartMs: Math.max(0, ms - Math.round(end.monotonicMs - start.monotonicMs)), wallEndMs: ms, clock };
}

import type { Outlook } from './forecast-outlook.js';

/** An announcement is withdrawn after so many minutes without any outlook. */
const quietMinutes = 30;

/** Whether a breach is announced, and since when nothing has spoken for it. */
export type Announcement =
  | { readonly phase: 'silent' }
  | { readonly phase: 'announced'; readonly atMinute: number; readonly quietSince: number | null };

/** Announced before, and nothing is known of it yet. */
export function announcedAt(minute: number): Announcement {
  return { phase: 'announced', atMinute: minute, quietSince: null };
}

/** Nothing announced. */
export const silent: Announcement = { phase: 'silent' };

/**
 * The announcement after one more minute. It takes a sure outlook to begin, any outlook to go on, and half an hour
 * without one to end: what is announced does not flap.
 */
export function announce(before: Announcement, outlook: Outlook | null, minute: number): Announcement {
  if (before.phase === 'silent') {
    return outlook?.isSure === true ? { phase: 'announced', atMinute: minute, quietSince: null } : silent;
  }
  if (outlook !== null) return before.quietSince === null ? before : { ...before, quietSince: null };
  const quietSince = before.quietSince ?? minute;
  return minute - quietSince >= quietMinutes ? silent : { ...before, quietSince };
}

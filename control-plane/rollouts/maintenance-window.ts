import { Cron } from 'croner';
import { messageOf } from '@bellwether/shared/errors';
import type { RolloutPolicy } from './policy.js';

type Window = NonNullable<RolloutPolicy['maintenanceWindow']>;

const minuteMs = 60_000;

/** True while devices may begin an install: the pattern matched at most `minutes` ago. No window is always open. */
export function isOpen(window: Window | undefined, nowMs: number): boolean {
  if (window === undefined) return true;
  // The window opens at a match; the first match after "minutes ago" is at or before now only inside it.
  const opened = cronOf(window).nextRun(new Date(nowMs - window.minutes * minuteMs));
  return opened !== null && opened.getTime() <= nowMs;
}

/** Why the window can never open; undefined when it can. */
export function windowProblem(window: Window, nowMs: number): string | undefined {
  try {
    const next = cronOf(window).nextRun(new Date(nowMs));
    return next === null ? `the maintenance window ${window.cron} never opens again` : undefined;
  } catch (cause) {
    if (!isTimeZone(window.timeZone))
      return `the maintenance window's time zone ${window.timeZone} is none: write one such as Europe/Berlin or UTC`;
    return `the maintenance window ${window.cron} cannot be read: ${messageOf(cause)}`;
  }
}

function cronOf({ cron, timeZone }: Window): Cron {
  return new Cron(cron, { timezone: timeZone, paused: true });
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

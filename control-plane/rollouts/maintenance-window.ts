import { Cron } from 'croner';
import { messageOf } from '@bellwether/shared/errors';
import type { RolloutPolicy } from './policy.js';

type Window = NonNullable<RolloutPolicy['maintenanceWindow']>;

const minuteMs = 60_000;

/** True while devices may begin an install: the pattern matched at most `minutes` ago. No window is always open. */
export function isOpen(window: Window | undefined, nowMs: number): boolean {
  if (window === undefined) return true;
  const { fromMs = Number.POSITIVE_INFINITY } = openTime(window, nowMs) ?? {};
  return fromMs <= nowMs;
}

/** When the window is open now or, where it is not, the next time; wall milliseconds, the end does not belong to it. Undefined: never again. */
export function openTime(
  window: Window,
  nowMs: number,
): { readonly fromMs: number; readonly untilMs: number } | undefined {
  const lengthMs = window.minutes * minuteMs;
  // It opens at a match; the first match after "minutes ago" is at or before now only inside it.
  const fromMs = cronOf(window)
    .nextRun(new Date(nowMs - lengthMs))
    ?.getTime();
  return fromMs === undefined ? undefined : { fromMs, untilMs: fromMs + lengthMs };
}

/** Why the window can never open; undefined when it can. `what`: how it is called. */
export function windowProblem(window: Window, nowMs: number, what = 'maintenance window'): string | undefined {
  try {
    const next = cronOf(window).nextRun(new Date(nowMs));
    return next === null ? `the ${what} ${window.cron} never opens again` : undefined;
  } catch (cause) {
    if (!isTimeZone(window.timeZone))
      return `the ${what}'s time zone ${window.timeZone} is none: write one such as Europe/Berlin or UTC`;
    return `the ${what} ${window.cron} cannot be read: ${messageOf(cause)}`;
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

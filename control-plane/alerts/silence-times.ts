import { openTime } from '../rollouts/maintenance-window.js';
import type { Silence } from './silence.js';

type Times = Pick<Silence, 'fromMs' | 'untilMs' | 'every'>;

/** When a silence holds now or, where it does not, the next time: wall milliseconds, the end does not belong to it. Null: never again. */
export function silentTime(
  { fromMs, untilMs, every }: Times,
  nowMs: number,
): { readonly fromMs: number; readonly untilMs: number } | null {
  if (nowMs >= untilMs) return null;
  if (every === undefined) return { fromMs, untilMs };
  const time = openTime(every, Math.max(nowMs, fromMs));
  if (time === undefined || time.fromMs >= untilMs) return null;
  return { fromMs: Math.max(time.fromMs, fromMs), untilMs: Math.min(time.untilMs, untilMs) };
}

/** True while the silence holds. */
export function holds(times: Times, nowMs: number): boolean {
  return (silentTime(times, nowMs)?.fromMs ?? Number.POSITIVE_INFINITY) <= nowMs;
}

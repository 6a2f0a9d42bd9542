import type { Window } from '@bellwether/shared/contract/window';
import { emptyHistogram, mergeInto, quantile } from '@bellwether/shared/evidence/histogram';
import { decodeHistogram } from '@bellwether/shared/evidence/histogram-wire';
import type { LiveFigures } from '../http/operator-api.js';

/** The stretch that the quantiles cover. */
const spanMs = 60_000;
/** The stretch that the rates cover, or the newest window where that is longer: a rate must follow the load. */
const rateSpanMs = 15_000;
/** A device that sends more windows than one a second is not believed more than that; its clock may stand still. */
const maxWindows = 64;

/**
 * The newest windows of one device, oldest first, after another one came: those of its newest run that end within the
 * last minute, at most `maxWindows`. Windows may come late, twice or out of order; what is older than the span changes nothing.
 */
export function withWindow(windows: readonly Window[], window: Window): readonly Window[] {
  const newest = windows.at(-1);
  if (newest === undefined) return [window];
  if (window.runId !== newest.runId) return window.wallEndMs > newest.wallEndMs ? [window] : windows;
  if (windows.some(({ sequence }) => sequence === window.sequence)) return windows;
  const all = [...windows, window].sort((a, b) => a.sequence - b.sequence);
  const endMs = all.at(-1)?.endMs ?? 0;
  return all.filter((each) => each.endMs > endMs - spanMs).slice(-maxWindows);
}

/** Rates over the newest windows and true quantiles (of merged histograms) over all of them; null when there are none. Shadow answers nobody, so it does not count. */
export function liveFigures(windows: readonly Window[]): LiveFigures | null {
  const newest = windows.at(-1);
  if (newest === undefined) return null;
  const total = emptyHistogram();
  for (const arm of answering(windows)) mergeInto(total, decodeHistogram(arm.total));
  const recent = windows.filter((each) => each === newest || each.endMs > newest.endMs - rateSpanMs);
  const arms = answering(recent);
  const seconds = sum(recent.map(({ startMs, endMs }) => Math.max(0, endMs - startMs))) / 1000;
  const perSecond = (count: number) => (seconds > 0 ? count / seconds : 0);
  return {
    requestsPerSecond: perSecond(sum(arms.map(({ requests }) => requests))),
    errorsPerSecond: perSecond(sum(arms.flatMap(({ errors }) => Object.values(errors)))),
    p50Ms: milliseconds(quantile(total, 0.5)),
    p99Ms: milliseconds(quantile(total, 0.99)),
    agentCpuPct: newest.host.agentCpuPct,
    runnersCpuPct: newest.host.runnersCpuPct,
    shed: newest.shed,
    atMs: newest.wallEndMs,
  };
}

function answering(windows: readonly Window[]): Window['arms'] {
  return windows.flatMap((window) => window.arms).filter(({ arm }) => arm !== 'shadow');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function milliseconds(microseconds: number | undefined): number | null {
  return microseconds === undefined ? null : microseconds / 1000;
}

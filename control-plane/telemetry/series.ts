import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Window } from '@bellwether/shared/contract/window';

/** How long one point of a stored series lasts. */
export const levels = { minute: 60_000, hour: 3_600_000 } as const;
export type Level = keyof typeof levels;

/**
 * Whose numbers, and of what. `scope`: `''` for the whole fleet, `hardware=pi4` for devices with that label, or a device's
 * id. `arm` is `host` for the machines themselves, and then model and version are empty.
 */
export interface Series {
  readonly scope: string;
  readonly model: string;
  readonly version: string;
  readonly arm: 'stable' | 'canary' | 'shadow' | 'host';
}

/** The series of the machines in a scope. */
export function hostSeries(scope: string): Series {
  return { scope, model: '', version: '', arm: 'host' };
}

/** One text per series. */
export function seriesKey({ scope, model, version, arm }: Series): string {
  return `${scope} ${model} ${version} ${arm}`;
}

/** A window that says it is older than this has a clock that stands in another year: no device keeps windows longer. */
const oldestMs = 400 * 24 * levels.hour;

/**
 * When a window happened, for series: its end by its own clock, but not after it arrived, and not years before: a clock in
 * 1970 or 2099 must not make points there. Such a window counts when it came. Evidence has its own times [W-4].
 */
export function momentOf({ wallEndMs }: Pick<Window, 'wallEndMs'>, arrivedAtMs: number): number {
  return wallEndMs > arrivedAtMs || wallEndMs < arrivedAtMs - oldestMs ? arrivedAtMs : wallEndMs;
}

/** Start of the point that a moment belongs to. */
export function pointOf(momentMs: number, level: Level): number {
  return momentMs - (momentMs % levels[level]);
}

/** The labels that series are kept by, as scopes: `hardware=pi4`. Labels of other keys make none. */
export function scopesOf(labels: Labels, keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => (labels[key] === undefined ? [] : [`${key}=${labels[key]}`]));
}

import type { Labels } from '@bellwether/shared/contract/http-api';
import { metrics } from './metric.js';
import { type Level, levels, pointOf, type Series, scopesOf } from './series.js';
import type { SeriesQuery } from './series-api.js';
import { SeriesError } from './series-error.js';

/** What is read for a question, and how it is put together. Plain data: it goes to another thread. */
export interface SeriesPlan {
  readonly metric: string;
  readonly level: Level;
  /** These scopes, or every value of a label. */
  readonly scopes: readonly string[] | { readonly label: string };
  /** Of the scopes, which are devices then, only members of this rollout. */
  readonly membersOf: number | null;
  readonly model: string | null;
  readonly version: string | null;
  readonly arms: readonly Series['arm'][];
  /** What tells one series of the answer from another. */
  readonly by: { readonly release: boolean; readonly arm: boolean; readonly scope: boolean };
  /** Points begin at or after `fromMs` and before `toMs`. */
  readonly fromMs: number;
  readonly toMs: number;
  /** One point of everything. */
  readonly isWhole: boolean;
}

/** What a plan depends on besides the question. */
export interface SeriesFacts {
  readonly nowMs: number;
  /** Labels that series are kept by. */
  readonly labelKeys: readonly string[];
  readonly devices: readonly { readonly id: string; readonly labels: Labels }[];
}

const dayMs = 24 * levels.hour;
/** Up to here a question without a step is answered by the minute. */
const minutesUpTo = 6 * levels.hour;

/** Throws SeriesError `series-impossible`. */
export function planSeries(query: SeriesQuery, facts: SeriesFacts): SeriesPlan {
  const { device, rollout, by, label } = query;
  const toMs = query.to ?? facts.nowMs;
  const fromMs = Number(query.cursor ?? query.from ?? toMs - dayMs);
  if (fromMs >= toMs) throw new SeriesError('series-impossible', `from ${fromMs} is not before to ${toMs}`);
  const ofDevices = device !== undefined || rollout !== undefined || by === 'device';
  const level = ofDevices ? 'hour' : levelOf(query, toMs - fromMs);
  if (ofDevices && query.step === 'minute')
    throw new SeriesError('series-impossible', 'series of devices are kept by the hour; minutes are in their windows');
  const { of } = metricOf(query.metric);
  if (of === 'host' && (query.arm !== undefined || query.model !== undefined || query.version !== undefined))
    throw new SeriesError('series-impossible', `${query.metric} is of machines, which have no model, version or arm`);
  for (const key of [label?.split('=', 1)[0], labelOfBy(by)]) {
    if (key === undefined || (ofDevices && key !== labelOfBy(by))) continue;
    if (facts.labelKeys.includes(key)) continue;
    const kept = facts.labelKeys.length === 0 ? 'none' : facts.labelKeys.join(', ');
    throw new SeriesError('series-impossible', `no series are kept by the label ${key}; those that are: ${kept}`);
  }
  if (labelOfBy(by) !== undefined && (ofDevices || label !== undefined))
    throw new SeriesError(
      'series-impossible',
      `by=${by} is over the whole fleet: leave the device, rollout or label out`,
    );
  return {
    metric: query.metric,
    level,
    scopes: scopesFor(query, facts),
    membersOf: rollout === undefined ? null : Number(rollout.slice(1)),
    model: query.model ?? null,
    version: query.version ?? null,
    arms: of === 'host' ? ['host'] : query.arm === undefined ? ['stable', 'canary'] : [query.arm],
    by: { release: by === 'release', arm: by === 'arm', scope: by === 'device' || labelOfBy(by) !== undefined },
    fromMs: pointOf(fromMs, level),
    toMs,
    isWhole: query.step === 'all',
  };
}

function metricOf(name: string): { readonly of: 'arm' | 'host' } {
  const metric = metrics.get(name);
  if (metric === undefined) throw new SeriesError('series-impossible', `there is no metric ${name}`);
  return metric;
}

function levelOf({ step }: SeriesQuery, lengthMs: number): Level {
  if (step === 'minute' || step === 'hour') return step;
  return lengthMs <= minutesUpTo ? 'minute' : 'hour';
}

/** `hardware` of `label:hardware`. */
function labelOfBy(by: string | undefined): string | undefined {
  return by?.startsWith('label:') === true ? by.slice('label:'.length) : undefined;
}

function scopesFor({ device, rollout, by, label }: SeriesQuery, { devices }: SeriesFacts): SeriesPlan['scopes'] {
  const key = labelOfBy(by);
  if (key !== undefined) return { label: key };
  if (device === undefined && rollout === undefined && by !== 'device') return [label ?? ''];
  return devices.filter(({ id, labels }) => (device ?? id) === id && carries(labels, label)).map(({ id }) => id);
}

function carries(labels: Labels, label: string | undefined): boolean {
  return label === undefined || scopesOf(labels, Object.keys(labels)).includes(label);
}

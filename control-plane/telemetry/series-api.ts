import { rolloutIdPattern } from '@bellwether/shared/contract/evidence-window';
import { deviceIdPattern, modelNamePattern, versionPattern } from '@bellwether/shared/ids';
import { type Static, Type } from '@bellwether/shared/schema';
import { metrics } from './metric.js';

const time = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });
const label = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}=[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$' });

/** Most points of one answer; the next ones are asked for with its cursor. */
export const maxPoints = 10_000;

/**
 * `GET /telemetry/series`, and `/telemetry/series.csv`: one metric over time. `by` makes a series of each release, arm, value of a label that series are
 * kept by, or device; left out, one of all together. Devices, and the devices of a rollout, have points by the hour.
 */
export const SeriesQuery = Type.Object(
  {
    metric: Type.Enum([...metrics.keys()]),
    model: Type.Optional(Type.String({ pattern: modelNamePattern })),
    version: Type.Optional(Type.String({ pattern: versionPattern })),
    /** Left out: stable and canary; a shadow answers nobody. */
    arm: Type.Optional(Type.Enum(['stable', 'canary', 'shadow'])),
    label: Type.Optional(label),
    device: Type.Optional(Type.String({ pattern: deviceIdPattern })),
    rollout: Type.Optional(Type.String({ pattern: rolloutIdPattern })),
    by: Type.Optional(
      Type.Union([Type.Enum(['release', 'arm', 'device']), Type.String({ pattern: '^label:[A-Za-z0-9_.-]{1,63}$' })]),
    ),
    /** Wall milliseconds since 1970; `from` is rounded down to a point. Default: the last 24 hours. */
    from: Type.Optional(time),
    to: Type.Optional(time),
    /** `hour` unless the stretch is at most six hours. `all`: one point of the whole. */
    step: Type.Optional(Type.Enum(['minute', 'hour', 'all'])),
    /** What the answer before said. */
    cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,16}$' })),
  },
  { additionalProperties: false },
);
export type SeriesQuery = Static<typeof SeriesQuery>;

/** One series: points ascend; a point without a measurement is left out. */
export const SeriesView = Type.Object({
  release: Type.Union([Type.String(), Type.Null()]),
  arm: Type.Union([Type.String(), Type.Null()]),
  label: Type.Union([Type.String(), Type.Null()]),
  device: Type.Union([Type.String(), Type.Null()]),
  /** [start of the point in wall milliseconds, value]. */
  points: Type.Array(Type.Tuple([Type.Integer(), Type.Number()])),
});
export type SeriesView = Static<typeof SeriesView>;

export const SeriesReply = Type.Object({
  metric: Type.String(),
  unit: Type.String(),
  about: Type.String(),
  fromMs: Type.Integer(),
  toMs: Type.Integer(),
  step: Type.Enum(['minute', 'hour', 'all']),
  series: Type.Array(SeriesView),
  /** Where the next answer goes on; null when this is all. */
  cursor: Type.Union([Type.String(), Type.Null()]),
});
export type SeriesReply = Static<typeof SeriesReply>;

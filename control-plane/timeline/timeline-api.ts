import { rolloutIdPattern } from '@bellwether/shared/contract/evidence-window';
import { deviceIdPattern, modelNamePattern, versionPattern } from '@bellwether/shared/ids';
import { type Static, Type } from '@bellwether/shared/schema';

const time = Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 });
const releasePattern = `${modelNamePattern.slice(0, -1)}@${versionPattern.slice(1)}`;
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/** Most rows of one answer. */
export const maxEvents = 1000;

/** One thing that happened, in the fleet's one timeline: what devices tell, what the server decides, what people decide. */
export const TimelineEvent = Type.Object({
  /** Rises with the order in which rows are stored; never given twice. */
  id: time,
  /** Where it stands in the timeline: what whoever tells it says, where that can be (docs/operations.md). */
  atMs: time,
  /** When the server took it. */
  arrivedAtMs: time,
  /** The device that it is about. */
  device: orNull(Type.String()),
  /** Who says so: `device`, or a part of the server. Readers must bear others. */
  source: Type.String(),
  /** Who decided it: `operator:alice`, `server`. Null where nobody decided. */
  actor: orNull(Type.String()),
  /** Readers must bear kinds that they do not know. */
  kind: Type.String(),
  model: orNull(Type.String()),
  /** `digits@1.1.0` */
  release: orNull(Type.String()),
  rollout: orNull(Type.String()),
  /** `site=a`: every device that carries it. */
  label: orNull(Type.String()),
  code: orNull(Type.String()),
  message: Type.String(),
});
export type TimelineEvent = Static<typeof TimelineEvent>;

/** `GET /events`, and `/events.csv`. What is asked for is a part of the timeline, the newest first, or with `after` in the order of storing. */
export const EventQuery = Type.Object(
  {
    device: Type.Optional(Type.String({ pattern: deviceIdPattern })),
    model: Type.Optional(Type.String({ pattern: modelNamePattern })),
    release: Type.Optional(Type.String({ pattern: releasePattern })),
    rollout: Type.Optional(Type.String({ pattern: rolloutIdPattern })),
    /** One kind or several: `release-refused,clone`. */
    kind: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,40}(,[a-z0-9-]{1,40}){0,19}$' })),
    /** `site=a`: rows about it, and of the devices that carry it now. */
    label: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}=[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$' })),
    /** Wall milliseconds since 1970; `from` belongs to it, `to` does not. */
    from: Type.Optional(time),
    to: Type.Optional(time),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: maxEvents })),
    /** What the answer before said: the next older rows. */
    cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,16}-[0-9]{1,16}$' })),
    /** Rows stored after the one with this id, in the order of storing: for whoever follows. */
    after: Type.Optional(time),
  },
  { additionalProperties: false },
);
export type EventQuery = Static<typeof EventQuery>;

export const EventPage = Type.Object({
  events: Type.Array(TimelineEvent),
  /** Where older rows go on; null when these are all. */
  cursor: orNull(Type.String()),
  /** The id of the newest row that there is, of whatever kind: to follow from. */
  newest: time,
});
export type EventPage = Static<typeof EventPage>;

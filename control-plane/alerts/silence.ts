import { AlertRule, alertRules } from '@bellwether/shared/contract/alert';
import { Labels } from '@bellwether/shared/contract/http-api';
import { type Static, Type } from '@bellwether/shared/schema';

const time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** So long a recurring silence may last at a time, in minutes: a week. */
const maxMinutes = 10_080;

/** Begins at each match of a cron pattern in a time zone (`Europe/Berlin`), and lasts so long. */
export const Recurrence = Type.Object(
  {
    cron: Type.String({ maxLength: 100 }),
    timeZone: Type.String({ maxLength: 64 }),
    minutes: Type.Integer({ minimum: 1, maximum: maxMinutes }),
  },
  { additionalProperties: false },
);
export type Recurrence = Static<typeof Recurrence>;

const rules = Type.Array(AlertRule, { maxItems: alertRules.length, uniqueItems: true });

/** `POST /alerts/silences`: what is wrong with these devices in this time is told to nobody. No rules: all; no labels: every device. */
export const SilenceRequest = Type.Object(
  {
    rules: Type.Optional(rules),
    labels: Type.Optional(Labels),
    /** Left out: now. */
    fromMs: Type.Optional(time),
    untilMs: time,
    /** Left out: from its beginning to its end. Else only so, again and again. */
    every: Type.Optional(Recurrence),
    why: Type.String({ minLength: 1, maxLength: 500 }),
  },
  { additionalProperties: false },
);
export type SilenceRequest = Static<typeof SilenceRequest>;

/** A maintenance window, or somebody’s decision to hear no more of something; wall milliseconds. */
export const Silence = Type.Object({
  /** `s3`. */
  id: Type.String(),
  rules,
  labels: Labels,
  fromMs: time,
  untilMs: time,
  /** Of a recurring one, which holds at these times between `fromMs` and `untilMs`. */
  every: Type.Optional(Recurrence),
  by: Type.String(),
  why: Type.String(),
});
export type Silence = Static<typeof Silence>;

/** A silence as it is shown. `next`: when it holds now, or the next time; null: never again. */
export const SilenceView = Type.Object({
  ...Silence.properties,
  next: Type.Union([Type.Object({ fromMs: time, untilMs: time }), Type.Null()]),
});
export type SilenceView = Static<typeof SilenceView>;

/** `GET /alerts/silences`: those that last or will come, the newest first. */
export const SilenceList = Type.Object({ silences: Type.Array(SilenceView) });
export type SilenceList = Static<typeof SilenceList>;

/** True when the silence is of this rule, and of a device with these labels; what is about no device only one without labels covers. */
export function isCovered(
  silence: Pick<Silence, 'rules' | 'labels'>,
  { rule, labels }: { readonly rule: string; readonly labels: Labels | undefined },
): boolean {
  if (silence.rules.length > 0 && !silence.rules.some((each) => each === rule)) return false;
  return Object.entries(silence.labels).every(([key, value]) => labels?.[key] === value);
}

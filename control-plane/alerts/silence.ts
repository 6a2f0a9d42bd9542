import { AlertRule, alertRules } from '@bellwether/shared/contract/alert';
import { Labels } from '@bellwether/shared/contract/http-api';
import { type Static, Type } from '@bellwether/shared/schema';

const time = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const rules = Type.Array(AlertRule, { maxItems: alertRules.length, uniqueItems: true });

/** `POST /alerts/silences`: what is wrong with these devices in this time is told to nobody. No rules: all; no labels: every device. */
export const SilenceRequest = Type.Object(
  {
    rules: Type.Optional(rules),
    labels: Type.Optional(Labels),
    /** Left out: now. */
    fromMs: Type.Optional(time),
    untilMs: time,
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
  by: Type.String(),
  why: Type.String(),
});
export type Silence = Static<typeof Silence>;

/** `GET /alerts/silences`: those that last or will come, the newest first. */
export const SilenceList = Type.Object({ silences: Type.Array(Silence) });
export type SilenceList = Static<typeof SilenceList>;

/** True when the silence holds now for this rule, and for a device with these labels; what is about no device only one without labels covers. */
export function isCovered(
  silence: Pick<Silence, 'rules' | 'labels' | 'fromMs' | 'untilMs'>,
  { rule, labels, nowMs }: { readonly rule: string; readonly labels: Labels | undefined; readonly nowMs: number },
): boolean {
  const { fromMs, untilMs } = silence;
  if (nowMs < fromMs || nowMs >= untilMs) return false;
  if (silence.rules.length > 0 && !silence.rules.some((each) => each === rule)) return false;
  return Object.entries(silence.labels).every(([key, value]) => labels?.[key] === value);
}

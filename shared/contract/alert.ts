import { deviceIdPattern, modelNamePattern, versionPattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { decodeDocument } from './decode.js';
import { rolloutIdPattern } from './evidence-window.js';

/** Largest alert, in bytes. */
export const maxAlertBytes = 64 * 1024;

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** `hardware=pi4`. */
const label = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}=[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$' });
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/** What alerts there are. Readers must bear rules that they do not know. */
export const alertRules = [
  'device-silent',
  'release-refused',
  'rollout-failed',
  'crash-loop',
  'error-rate',
  'latency-budget',
  'drift',
  'accuracy-estimate',
  'disk-trend',
  'memory-trend',
  'temperature-trend',
  'telemetry-lost',
  'clock-skew',
  'certificate-expiry',
  'metadata-expiry',
  'clone',
] as const;
export const AlertRule = Type.Enum([...alertRules]);
export type AlertRule = (typeof alertRules)[number];

/** What an alert is about; of one rule and subject one alert is open at a time. Empty: the fleet. */
export const AlertSubject = Type.Object({
  device: Type.Optional(Type.String({ pattern: deviceIdPattern })),
  model: Type.Optional(Type.String({ pattern: modelNamePattern })),
  version: Type.Optional(Type.String({ pattern: versionPattern })),
  rollout: Type.Optional(Type.String({ pattern: rolloutIdPattern })),
  /** `hardware=pi4`: every device that carries it. */
  label: Type.Optional(label),
});
export type AlertSubject = Static<typeof AlertSubject>;

/** How bad it is: to know, to look at, to act on now. */
export const AlertSeverity = Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('critical')]);
export type AlertSeverity = Static<typeof AlertSeverity>;

/** A device label that the affected devices share and the others do not: `lift` times as often; `p` after correction for how many were looked at. */
export const CommonLabel = Type.Object({
  label,
  affected: count,
  ofAffected: count,
  others: count,
  ofOthers: count,
  lift: Type.Number({ minimum: 0 }),
  p: Type.Number({ minimum: 0, maximum: 1 }),
});
export type CommonLabel = Static<typeof CommonLabel>;

/** Where the trouble comes from, as far as it can be told: the release, or what it runs on. */
export const Attribution = Type.Object({
  cause: Type.Union([Type.Literal('model'), Type.Literal('infrastructure'), Type.Literal('undetermined')]),
  /** One sentence with its numbers. */
  sentence: Type.String({ maxLength: 1000 }),
  common: orNull(CommonLabel),
});
export type Attribution = Static<typeof Attribution>;

/** When a limit will be reached if it goes on like this: the middle, and the ends of the interval; wall milliseconds, null: not within the horizon. */
export const Forecast = Type.Object({ atMs: count, earliestMs: count, latestMs: orNull(count) });
export type Forecast = Static<typeof Forecast>;

/**
 * One alert as the server holds it and tells it [W-2]. `open → acknowledged → resolved`; what comes again after that is
 * another alert. Readers ignore unknown fields.
 */
export const Alert = Type.Object({
  version: Type.Literal(1),
  id: Type.String({ pattern: '^a[1-9][0-9]{0,14}$' }),
  rule: Type.String({ pattern: '^[a-z0-9-]{1,40}$' }),
  severity: AlertSeverity,
  state: Type.Union([Type.Literal('open'), Type.Literal('acknowledged'), Type.Literal('resolved')]),
  subject: AlertSubject,
  /** One sentence for people, with its numbers and limits. */
  sentence: Type.String({ maxLength: 1000 }),
  /** The numbers by themselves, names with their units at the end. */
  numbers: Type.Record(Type.String({ pattern: '^[A-Za-z0-9]{1,40}$' }), Type.Number(), { additionalProperties: false }),
  /** Devices that it is about, in trouble now or, of a resolved one, at last; at most 100 are named, the newest first. */
  devices: count,
  named: Type.Array(Type.String({ pattern: deviceIdPattern }), { maxItems: 100 }),
  attribution: orNull(Attribution),
  forecast: orNull(Forecast),
  openedAtMs: count,
  changedAtMs: count,
  acknowledgedBy: orNull(Type.String({ maxLength: 200 })),
  resolvedAtMs: orNull(count),
  /** A silence that covers it now: it is kept and shown, and told to nobody. */
  isSilenced: Type.Boolean(),
});
export type Alert = Static<typeof Alert>;

const compiled = Compile(Alert);

/** Reads an alert; throws DecodeError. */
export function decodeAlert(bytes: Uint8Array): Alert {
  return decodeDocument(compiled, bytes, { what: 'alert', maxBytes: maxAlertBytes });
}

import { AlertRule, AlertSeverity, AlertSubject, Attribution, Forecast } from '@bellwether/shared/contract/alert';
import { Type } from '@bellwether/shared/schema';
import { Silence } from './silence.js';

const time = Type.Integer({ minimum: 0 });
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const AlertMember = Type.Object({
  device: orNull(Type.String()),
  sinceMs: time,
  value: orNull(Type.Number()),
  detail: Type.Optional(Type.String()),
  isOfAll: Type.Optional(Type.Literal(true)),
});

/** An AlertRecord as it lies in the database: everything but its number. */
export const StoredAlert = Type.Object({
  rule: AlertRule,
  subject: AlertSubject,
  severity: AlertSeverity,
  state: Type.Enum(['open', 'acknowledged', 'resolved']),
  sentence: Type.String(),
  numbers: Type.Record(Type.String(), Type.Number()),
  attribution: orNull(Attribution),
  forecast: orNull(Forecast),
  members: Type.Array(AlertMember),
  openedAtMs: time,
  changedAtMs: time,
  acknowledgedBy: orNull(Type.String()),
  acknowledged: Type.Array(Type.String()),
  resolvedAtMs: orNull(time),
  isSilenced: Type.Boolean(),
  isTold: Type.Boolean(),
});

/** A Silence as it lies in the database: everything but its id. */
export const StoredSilence = Type.Omit(Silence, ['id']);

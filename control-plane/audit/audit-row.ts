import { hex64Pattern } from '@bellwether/shared/ids';
import { type Static, Type } from '@bellwether/shared/schema';

/** Who decided: a person by the name of the account, a device by its id, the server by itself, or nobody that it knows. */
export type Actor = `operator:${string}` | `device:${string}` | `publisher:${string}` | 'server' | 'anonymous';

/** Numbers and names that belong to a decision. Never a secret. */
export type AuditDetails = Readonly<Record<string, string | number | boolean | null>>;

/** A decision as whoever takes it writes it down. `action` is noun and verb: `rollout.create`; `subject` is what it is about. */
export interface AuditEntry {
  readonly actor: Actor;
  readonly action: `${string}.${string}`;
  readonly subject: string;
  readonly details?: AuditDetails;
}

/** Where decisions are written down; throws when one cannot be, and then it must not take effect. */
export interface AuditTrail {
  record(entry: AuditEntry): void;
  /** For decisions that come in crowds: resolves when it is written, within milliseconds and together with others. */
  recordSoon(entry: AuditEntry): Promise<void>;
}

/** A row of the log. `sequence` counts from 1 without a gap; `previous` is the digest of the row before, zeros in the first [T-14]. */
export const AuditRow = Type.Object(
  {
    sequence: Type.Integer({ minimum: 1 }),
    atMs: Type.Integer({ minimum: 0 }),
    actor: Type.String({ maxLength: 200 }),
    action: Type.String({ maxLength: 100 }),
    subject: Type.String({ maxLength: 500 }),
    details: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
    previous: Type.String({ pattern: hex64Pattern }),
    digest: Type.String({ pattern: hex64Pattern }),
  },
  { additionalProperties: false },
);
export type AuditRow = Static<typeof AuditRow>;

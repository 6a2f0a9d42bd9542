import { Alert, AlertRule } from '@bellwether/shared/contract/alert';
import { type Static, Type } from '@bellwether/shared/schema';
import { RuleSetting } from './alert-rule.js';

/** What the CLI and the console ask of alerts, under /api/v1. */

/** `GET /alerts`: those that are not resolved, and the newest that are; the newest first. */
export const AlertList = Type.Object({ alerts: Type.Array(Alert) });
export type AlertList = Static<typeof AlertList>;

/** `POST /alerts/:id/acknowledge` */
export const Acknowledgement = Type.Object(
  { why: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })) },
  { additionalProperties: false },
);

/** `GET /alerts/rules`: every rule as it holds on this server. */
export const RuleList = Type.Object({
  rules: Type.Array(
    Type.Object({
      rule: AlertRule,
      about: Type.String(),
      number: Type.String(),
      /** Raised from `raise` upwards, else downwards. */
      isHighBad: Type.Boolean(),
      ...RuleSetting.properties,
    }),
  ),
});
export type RuleList = Static<typeof RuleList>;

import { type Static, Type } from '@bellwether/shared/schema';
import { webhookNamePattern } from './webhook.js';
import { WebhookFilter } from './webhook-filter.js';

const count = Type.Integer({ minimum: 0 });
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/** `POST /webhooks`; what is left out of the filter is as wide as it can be, and `changes` false. */
export const WebhookRequest = Type.Object(
  {
    name: Type.String({ pattern: webhookNamePattern }),
    url: Type.String({ minLength: 1, maxLength: 2000 }),
    filter: Type.Optional(Type.Partial(WebhookFilter, { additionalProperties: false })),
  },
  { additionalProperties: false },
);
export type WebhookRequest = Static<typeof WebhookRequest>;

/** A webhook as admins see it: a URL may itself be a secret. Wall milliseconds. */
export const WebhookView = Type.Object({
  name: Type.String(),
  url: Type.String(),
  filter: WebhookFilter,
  createdAtMs: count,
  /** The former secret signs as well until then; null: it does not. */
  formerUntilMs: orNull(count),
  failingSinceMs: orNull(count),
  disabledAtMs: orNull(count),
  triedAtMs: orNull(count),
  problem: orNull(Type.String()),
  /** Deliveries that wait, and those that were given up. */
  waiting: count,
  lost: count,
});
export type WebhookView = Static<typeof WebhookView>;
export const WebhookList = Type.Object({ webhooks: Type.Array(WebhookView) });
export type WebhookList = Static<typeof WebhookList>;

/** After `POST /webhooks` and `/webhooks/:name/rotate`: the secret is shown this once. */
export const WebhookReply = Type.Object({ ...WebhookView.properties, secret: Type.String() });
export type WebhookReply = Static<typeof WebhookReply>;

/** `POST /webhooks/:name/test`: what became of one message of the type `webhook.test`. */
export const WebhookTest = Type.Object({
  isDelivered: Type.Boolean(),
  status: orNull(Type.Integer()),
  problem: orNull(Type.String()),
  tookMs: count,
});
export type WebhookTest = Static<typeof WebhookTest>;

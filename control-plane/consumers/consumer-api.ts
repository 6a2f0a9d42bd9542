import { type Static, Type } from '@bellwether/shared/schema';
import { consumerNamePattern } from './consumer.js';
import { Grant } from './grant.js';

const count = Type.Integer({ minimum: 0 });

/** `POST /consumers` */
export const ConsumerRequest = Type.Object(
  { name: Type.String({ pattern: consumerNamePattern }), grant: Grant },
  { additionalProperties: false },
);
export type ConsumerRequest = Static<typeof ConsumerRequest>;

/** An account; `userName` is for MQTT, and every client id begins with it. */
export const ConsumerView = Type.Object({
  name: Type.String(),
  userName: Type.String(),
  grant: Grant,
  createdAtMs: count,
  revokedAtMs: Type.Union([count, Type.Null()]),
});
export type ConsumerView = Static<typeof ConsumerView>;
export const ConsumerList = Type.Object({ consumers: Type.Array(ConsumerView) });
export type ConsumerList = Static<typeof ConsumerList>;

/** The password is shown this once; the server keeps its digest. */
export const ConsumerReply = Type.Object({ ...ConsumerView.properties, password: Type.String() });
export type ConsumerReply = Static<typeof ConsumerReply>;

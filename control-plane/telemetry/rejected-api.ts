import { type Static, Type } from '@bellwether/shared/schema';

/** `GET /telemetry/rejected`: messages that were set aside, the newest first; the server keeps the last thousand, and of a device the last hundred. */
export const RejectedList = Type.Object({
  messages: Type.Array(
    Type.Object({
      atMs: Type.Integer(),
      device: Type.String(),
      /** `window`, `event` … */
      what: Type.String(),
      reason: Type.String(),
      /** The first bytes of it, as text. */
      body: Type.String(),
    }),
  ),
});
export type RejectedList = Static<typeof RejectedList>;

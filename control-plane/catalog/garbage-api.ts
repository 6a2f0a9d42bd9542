import { type Static, Type } from '@bellwether/shared/schema';

const count = Type.Integer({ minimum: 0 });
const Part = Type.Object({ files: count, bytes: count });

/** `POST /catalog/gc` */
export const CollectRequest = Type.Object(
  {
    /** Only says what would go. */
    dryRun: Type.Optional(Type.Boolean()),
    /** What is younger stays: it may belong to a release that is just being published. 24 by default. */
    graceHours: Type.Optional(Type.Integer({ minimum: 1, maximum: 8760 })),
  },
  { additionalProperties: false },
);
export type CollectRequest = Static<typeof CollectRequest>;

/** What went, or would go, and what stays. */
export const CollectReply = Type.Object({
  dryRun: Type.Boolean(),
  graceHours: count,
  blobs: Part,
  metadata: Part,
  /** Both together. */
  files: count,
  bytes: count,
  kept: Part,
});
export type CollectReply = Static<typeof CollectReply>;

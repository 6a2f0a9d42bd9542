import { Labels } from '@bellwether/shared/contract/http-api';
import { Report } from '@bellwether/shared/contract/report';
import { hex64Pattern } from '@bellwether/shared/ids';
import { type Static, Type } from '@bellwether/shared/schema';

/** What the CLI and the console say to the server under /api/v1, with the operator's token as Bearer. Bodies are strict. */

const count = Type.Integer({ minimum: 0 });
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/** What the last windows of a device say, over at most the last minute; null where nothing was measured. */
export const LiveFigures = Type.Object({
  requestsPerSecond: Type.Number(),
  errorsPerSecond: Type.Number(),
  p50Ms: orNull(Type.Number()),
  p99Ms: orNull(Type.Number()),
  agentCpuPct: Type.Number(),
  runnersCpuPct: Type.Number(),
  /** What its governor left out, in the order it was shed. */
  shed: Type.Array(Type.String()),
  /** Wall time of the window's end. */
  atMs: count,
});
export type LiveFigures = Static<typeof LiveFigures>;

/** A device as the operator sees it. */
export const DeviceView = Type.Object({
  id: Type.String(),
  /** SHA-256 of its public key: what `bellwether-agent status` prints on the device [T-10]. */
  fingerprint: Type.String(),
  /** Only an approved device logs in, gets orders and downloads. */
  standing: Type.Union([
    Type.Literal('pending'),
    Type.Literal('approved'),
    Type.Literal('rejected'),
    Type.Literal('decommissioned'),
  ]),
  /** Fingerprint of the key that it asks to go on with; null when there is none. */
  nextFingerprint: orNull(Type.String()),
  /** The join token it came by. */
  tokenId: Type.String(),
  labels: Labels,
  enrolledAtMs: count,
  presence: Type.Union([Type.Literal('online'), Type.Literal('offline'), Type.Literal('never')]),
  lastSeenMs: orNull(count),
  ordered: orNull(Type.Object({ epoch: count, generation: count, models: Type.Record(Type.String(), Type.String()) })),
  report: orNull(Report),
  /** What a person has decided, whatever rollouts say; `release` of a pin. */
  holds: Type.Array(
    Type.Object({
      kind: Type.Enum(['pinned', 'excluded', 'quarantined']),
      release: orNull(Type.String()),
      by: Type.String(),
      why: orNull(Type.String()),
      atMs: count,
    }),
  ),
  live: orNull(LiveFigures),
  /** It sends faster than is taken since then, and so many of its messages had to wait; null: it does not. */
  slowed: orNull(Type.Object({ sinceMs: count, messages: count })),
});
export type DeviceView = Static<typeof DeviceView>;
export const DeviceList = Type.Object({ devices: Type.Array(DeviceView) });
export type DeviceList = Static<typeof DeviceList>;

/** Whether a device that comes by a token is in at once, or waits for an operator who compares its fingerprint [T-10]. */
const TokenKind = Type.Union([Type.Literal('auto'), Type.Literal('approve')]);

/** `POST /tokens` */
export const TokenRequest = Type.Object(
  {
    labels: Type.Optional(Labels),
    uses: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    hours: Type.Optional(Type.Integer({ minimum: 1, maximum: 24 })),
    /** `auto` by default. */
    kind: Type.Optional(TokenKind),
  },
  { additionalProperties: false },
);
export type TokenRequest = Static<typeof TokenRequest>;
/** The token is shown this once; the server keeps its digest. */
export const TokenReply = Type.Object({
  id: Type.String(),
  token: Type.String(),
  kind: TokenKind,
  expiresAtMs: count,
  uses: count,
});
export type TokenReply = Static<typeof TokenReply>;
/** A token, and the devices that came by it. */
export const TokenView = Type.Object({
  id: Type.String(),
  kind: TokenKind,
  labels: Labels,
  uses: count,
  usesLeft: count,
  createdAtMs: count,
  expiresAtMs: count,
  revokedAtMs: orNull(count),
  devices: Type.Array(Type.String()),
});
export type TokenView = Static<typeof TokenView>;
export const TokenList = Type.Object({ tokens: Type.Array(TokenView) });
export type TokenList = Static<typeof TokenList>;
/** `POST /tokens/:id/revoke`: nobody joins by it any more; on demand its devices are decommissioned too. */
export const TokenRevocation = Type.Object(
  { decommission: Type.Optional(Type.Boolean()) },
  { additionalProperties: false },
);
export type TokenRevocation = Static<typeof TokenRevocation>;

/** `POST /devices/:id/approve|reject|decommission`: nothing to say but the path. */
export const NoDetails = Type.Object({}, { additionalProperties: false });

/** `POST /devices/:id/approve-key`: the fingerprint that was compared, so that nobody agrees to another key than was looked at. */
export const KeyApproval = Type.Object(
  { fingerprint: Type.String({ pattern: hex64Pattern }) },
  { additionalProperties: false },
);

/** A release in the catalogue, and how much of the fleet serves it. */
export const ReleaseView = Type.Object({
  release: Type.String(),
  model: Type.String(),
  version: Type.String(),
  manifest: Type.String(),
  staging: Type.Boolean(),
  production: Type.Boolean(),
  withdrawn: orNull(Type.String()),
  bytes: count,
  files: count,
  description: orNull(Type.String()),
  /** Name, dtype and shape of the app tensors, as text. */
  inputs: Type.Array(Type.String()),
  outputs: Type.Array(Type.String()),
  accuracy: orNull(Type.Number()),
  /** On how many samples; null without a benchmark. */
  accuracySamples: orNull(count),
  lineage: orNull(Type.Object({ gitCommit: Type.String(), data: Type.String(), training: Type.String() })),
  devicesServing: count,
  /** The request to approve it: null when nobody asked, or nothing is left to decide. */
  promotion: orNull(
    Type.Object({
      state: Type.Union([Type.Literal('pending'), Type.Literal('rejected')]),
      note: orNull(Type.String()),
      /** The operator; null of a request from before this was written down. */
      requestedBy: orNull(Type.String()),
      requestedAtMs: count,
      rejectedAtMs: orNull(count),
      reason: orNull(Type.String()),
    }),
  ),
});
export type ReleaseView = Static<typeof ReleaseView>;
/** `POST /releases/:model/:version/promotion`: asks for an approval. */
export const PromotionRequest = Type.Object(
  { note: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })) },
  { additionalProperties: false },
);
/** `POST /releases/:model/:version/rejection`: declines one. */
export const RejectionRequest = Type.Object(
  { reason: Type.String({ minLength: 1, maxLength: 500 }) },
  { additionalProperties: false },
);
export const ReleaseList = Type.Object({ releases: Type.Array(ReleaseView) });
export type ReleaseList = Static<typeof ReleaseList>;

/**
 * What arrived: `lost` = gaps in the sequences of windows that later ones prove, and what devices say they dropped;
 * `unknownFields` = fields of stored messages that this version does not know, and ignores [W-3].
 */
export const TelemetrySummary = Type.Object({
  windowsReceived: count,
  windowsDuplicate: count,
  windowsRejected: count,
  windowsLost: count,
  eventsReceived: count,
  /** What devices say they dropped. */
  eventsLost: count,
  unknownFields: count,
});
export type TelemetrySummary = Static<typeof TelemetrySummary>;

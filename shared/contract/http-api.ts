import { deviceIdPattern, deviceNamePattern, hex64Pattern, labelPattern } from '../ids.js';
import { type Static, Type } from '../schema.js';
import { AuditEnd } from './audit-end.js';

/** What devices and the server say to each other over HTTP. Bodies are strict. Envelopes are JSON objects (DSSE). */

const strict = { additionalProperties: false } as const;
const nonce = Type.String({ pattern: hex64Pattern });

/** Labels of a device: `hardware=rpi4`. */
export const Labels = Type.Record(Type.String({ pattern: labelPattern }), Type.String({ pattern: labelPattern }), {
  maxProperties: 32,
  additionalProperties: false,
});
export type Labels = Static<typeof Labels>;

/** RFC 9457 problem details with a stable `code`. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String(),
  detail: Type.String(),
});
export type Problem = Static<typeof Problem>;

/** `POST /api/v1/enrolments`: the payload that the device signs with its new key (payload type `enrolment`), sent as `{ joinToken, envelope }`. */
export const EnrolmentPayload = Type.Object({
  name: Type.String({ pattern: deviceNamePattern }),
  public: Type.String({ pattern: hex64Pattern }),
  /** SHA-256 of the join token: binds the proof to this enrolment. */
  tokenDigest: Type.String({ pattern: hex64Pattern }),
  nonce,
});
export type EnrolmentPayload = Static<typeof EnrolmentPayload>;

export const EnrolmentRequest = Type.Object(
  { joinToken: Type.String({ minLength: 16, maxLength: 200 }), envelope: Type.Unknown() },
  strict,
);
export type EnrolmentRequest = Static<typeof EnrolmentRequest>;

export const EnrolmentReply = Type.Object({
  device: Type.String({ pattern: deviceIdPattern }),
  labels: Labels,
  /** `pending`: an operator compares fingerprints first; until then sessions are refused with `approval-pending` [T-10]. */
  standing: Type.Optional(Type.Union([Type.Literal('pending'), Type.Literal('approved')])),
});
export type EnrolmentReply = Static<typeof EnrolmentReply>;

/** `POST /api/v1/sessions/nonce`: 60 s, one use. */
export const NonceRequest = Type.Object({ device: Type.String({ pattern: deviceIdPattern }) }, strict);
export type NonceRequest = Static<typeof NonceRequest>;
export const NonceReply = Type.Object({ nonce });
export type NonceReply = Static<typeof NonceReply>;

/** What a session's token is good for. */
export const SessionAudience = Type.Union([Type.Literal('mqtt'), Type.Literal('artefacts'), Type.Literal('answers')]);
export type SessionAudience = Static<typeof SessionAudience>;

/** `POST /api/v1/sessions`: the payload that the device signs (payload type `session`), sent as `{ envelope }`. */
export const SessionPayload = Type.Object({
  device: Type.String({ pattern: deviceIdPattern }),
  serverNonce: nonce,
  deviceNonce: nonce,
  audience: SessionAudience,
});
export type SessionPayload = Static<typeof SessionPayload>;

export const SessionRequest = Type.Object({ envelope: Type.Unknown() }, strict);
export type SessionRequest = Static<typeof SessionRequest>;

/** `token` is the MQTT password. `time` is an envelope (payload type `time`) over TimePayload. `mqttUrl` is where to connect. */
export const SessionReply = Type.Object({
  token: Type.String(),
  expiresInSeconds: Type.Integer({ minimum: 1 }),
  mqttUrl: Type.String(),
  time: Type.Unknown(),
});
export type SessionReply = Static<typeof SessionReply>;

/**
 * `POST /api/v1/key-rotations`: the payload that the device signs with its old key **and** the new one (payload type
 * `keyRotation`), sent as `{ envelope }`. `serverNonce` as for a session. The old key goes on until an operator has agreed;
 * the device's id stays, and its orders name the new fingerprint from then on.
 */
export const KeyRotationPayload = Type.Object({
  device: Type.String({ pattern: deviceIdPattern }),
  serverNonce: nonce,
  newPublic: Type.String({ pattern: hex64Pattern }),
});
export type KeyRotationPayload = Static<typeof KeyRotationPayload>;
export const KeyRotationRequest = Type.Object({ envelope: Type.Unknown() }, strict);
export type KeyRotationRequest = Static<typeof KeyRotationRequest>;
/** `pending` until an operator has compared the new fingerprint; `current`: this is the device's key already. */
export const KeyRotationReply = Type.Object({
  standing: Type.Union([Type.Literal('pending'), Type.Literal('current')]),
});
export type KeyRotationReply = Static<typeof KeyRotationReply>;

/** The last instant that an RFC 3339 date can name: beyond what a Date can hold, every comparison with an expiry is false. */
const maxTimeMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The server's time, bound to the nonce that the device chose [T-8]. */
export const TimePayload = Type.Object({
  deviceNonce: nonce,
  timeMs: Type.Integer({ minimum: 0, maximum: maxTimeMs }),
  /** Where the audit log ended when its head was signed last [T-14]. */
  auditHead: Type.Optional(AuditEnd),
  /** The newest order that there is for the device: one that it has not got is kept from it, and no lease of a canary is renewed [T-5]. */
  order: Type.Optional(
    Type.Object({
      epoch: Type.Integer({ minimum: 1, maximum: 2 ** 31 }),
      generation: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    }),
  ),
});
export type TimePayload = Static<typeof TimePayload>;

/** Where the artefact plane lies below its base URL. */
export const metadataPath = '/repository/metadata/';
export const blobPath = '/blobs/sha256/';

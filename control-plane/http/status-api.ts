import { Alert } from '@bellwether/shared/contract/alert';
import { type Static, Type } from '@bellwether/shared/schema';
import { TimelineEvent } from '../timeline/timeline-api.js';
import { DeviceView, ReleaseView } from './operator-api.js';
import { RolloutView } from './rollout-api.js';

/** What the server says of itself, and all that a page begins with. */

const time = Type.Integer({ minimum: 0 });

/** What waits for a person: `releases` for an approver's signature, `devices` to be let in, `deviceKeys` to be changed (ids of devices). */
export const Pending = Type.Object({
  releases: Type.Array(Type.String()),
  devices: Type.Array(Type.String()),
  deviceKeys: Type.Array(Type.String()),
});
export type Pending = Static<typeof Pending>;

/** A device whose receipts have twins: two machines hold its key, or one was set back [T-12]. `atMs`: the last time. */
export const CloneAlert = Type.Object({ device: Type.String(), atMs: time });
export type CloneAlert = Static<typeof CloneAlert>;

/** A rollout that goes no further by itself. */
const WaitingRollout = Type.Object({ id: Type.String(), release: Type.String(), why: Type.String() });

/** A webhook that takes nothing: `isDisabled` when it has been given up; `sinceMs`: since when every attempt failed. */
export const WebhookTrouble = Type.Object({
  name: Type.String(),
  sinceMs: time,
  isDisabled: Type.Boolean(),
  problem: Type.String(),
});
export type WebhookTrouble = Static<typeof WebhookTrouble>;

/** `GET /status` */
export const ServerStatus = Type.Object({
  version: Type.String(),
  development: Type.Boolean(),
  startedAtMs: time,
  mqttUrl: Type.String(),
  /** `plaintext-network`: it listens beyond this machine without TLS, because it was told to. */
  transport: Type.Union([Type.Literal('tls'), Type.Literal('loopback'), Type.Literal('plaintext-network')]),
  rootSha256: Type.String(),
  /** Metadata with a third of its life left, or less: the soonest first. `bellwether keys renew` signs root, targets and roles again. */
  expiring: Type.Array(Type.Object({ role: Type.String(), expiresAtMs: time })),
  pending: Pending,
  /** Rollouts that wait for a person: to approve a step, to resume, or to decide what holds them. */
  waitingRollouts: Type.Array(WaitingRollout),
  /** Devices that are in, as long as events are kept; the newest first. */
  clones: Type.Array(CloneAlert),
  /** Webhooks that tell nobody of alerts any more. */
  webhooks: Type.Array(WebhookTrouble),
  /** Windows of the last hour are deleted for want of room: `megabytes` (`--telemetry-mb`) are too few for this fleet. Null: they are not. */
  telemetryShort: Type.Union([Type.Object({ megabytes: Type.Integer() }), Type.Null()]),
});
export type ServerStatus = Static<typeof ServerStatus>;

/**
 * `GET /live` (Server-Sent Events): first one `overview`, then whatever changes, each under the name of its type:
 * `device` DeviceView, `release` ReleaseView, `rollout` RolloutView, `alert` Alert, `event` TimelineEvent, `status` ServerStatus.
 * Every 15 s a comment.
 */
export const Overview = Type.Object({
  status: ServerStatus,
  devices: Type.Array(DeviceView),
  releases: Type.Array(ReleaseView),
  rollouts: Type.Array(RolloutView),
  /** Those that are not resolved, and the newest that are; the newest first. */
  alerts: Type.Array(Alert),
  events: Type.Array(TimelineEvent),
});
export type Overview = Static<typeof Overview>;

import { type Static, Type } from '@bellwether/shared/schema';

/** Which release, and on what: all devices of it, those of a label, or one device. */
const foundOn = {
  model: Type.String(),
  version: Type.String(),
  manifest: Type.String(),
  level: Type.Union([Type.Literal('release'), Type.Literal('label'), Type.Literal('device')]),
  /** The label (`site=a`) or the device; empty for all. */
  subject: Type.String(),
};

/** One watched value that has left its release's reference. */
export const ShiftView = Type.Object({
  ...foundOn,
  /** `feature pixel-7-7`, `classes`, `confidence`. */
  stream: Type.String(),
  /** The last look at which nothing spoke for it. */
  sinceMs: Type.Number(),
  /** Natural logarithm of the evidence. */
  logE: Type.Number(),
  /** Of the last rows, about 500: below 0.1 is commonly called stable, above 0.25 another distribution. */
  stabilityIndex: Type.Number(),
  /** Of the same rows; bits, 0…1. */
  jensenShannon: Type.Number(),
});
export type ShiftView = Static<typeof ShiftView>;

/** Accuracy as it is estimated from confidence, never seen: it knows nothing of answers that are wrong and sure. */
export const AccuracyView = Type.Object({
  ...foundOn,
  /** Shares of right answers, 0…1: now, and on the release's reference. */
  accuracy: Type.Number(),
  referenceAccuracy: Type.Number(),
  standardError: Type.Number(),
  /** Answers that the estimate is of; those that count as independent, so no whole number. */
  answers: Type.Number(),
  /** True where the confidence has drifted and the estimate is lower than the reference by more than its error. */
  isLow: Type.Boolean(),
});
export type AccuracyView = Static<typeof AccuracyView>;

/** A release that is watched: on how many devices, and how many of its values. */
export const WatchedView = Type.Object({
  model: Type.String(),
  version: Type.String(),
  manifest: Type.String(),
  devices: Type.Integer(),
  streams: Type.Integer(),
  lastAtMs: Type.Number(),
});

/** `GET /telemetry/drift` */
export const DriftReply = Type.Object({
  /** The last look. */
  atMs: Type.Union([Type.Null(), Type.Number()]),
  watched: Type.Array(WatchedView),
  /** Releases first, then labels, then devices; the strongest first in each, of devices at most a thousand. */
  drift: Type.Array(ShiftView),
  /** By release and by label, where the reference says what its answers were worth. */
  accuracy: Type.Array(AccuracyView),
  /** Windows since the server's start of which something could not be counted. */
  skippedWindows: Type.Integer(),
});
export type DriftReply = Static<typeof DriftReply>;

import { inflated } from '@bellwether/shared/contract/compact';
import { DecodeError } from '@bellwether/shared/contract/decode';
import { DeviceEvent, decodeEvent, maxEventBytes } from '@bellwether/shared/contract/event';
import { decodePresence, Presence } from '@bellwether/shared/contract/presence';
import { decodeReport, maxReportBytes, Report } from '@bellwether/shared/contract/report';
import { type UnknownFieldCounter, unknownFieldCounter } from '@bellwether/shared/contract/unknown-fields';
import { type ArmWindow, decodeWindow, maxWindowBytes, Window } from '@bellwether/shared/contract/window';
import type { Histogram } from '@bellwether/shared/evidence/histogram';
import { decodeHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { Upward } from '../messaging/device-channel.js';

interface Kinds {
  readonly report: Report;
  readonly presence: Presence;
  readonly window: Window;
  readonly event: DeviceEvent;
}

/** Both histograms of one arm of a window, decoded: microseconds. */
export interface ArmTimes {
  readonly compute: Histogram;
  readonly total: Histogram;
}

/** One arm of a window, with its histograms. */
export interface CountedArm {
  readonly arm: ArmWindow;
  readonly times: ArmTimes;
}

/**
 * A message that is what it should be. `json` is its text, inflated; `digest` is SHA-256 over that; `unknownFields` is how
 * many fields this version ignores [W-3].
 */
export type Decoded = {
  readonly [Kind in keyof Kinds]: {
    readonly kind: Kind;
    readonly value: Kinds[Kind];
    readonly json: string;
    readonly digest: string;
    readonly unknownFields: number;
    /** Of a window: its arms, with their histograms. Empty for the others. */
    readonly arms: readonly CountedArm[];
  };
}[keyof Kinds];

const countUnknown: Readonly<Record<Upward, UnknownFieldCounter>> = {
  report: unknownFieldCounter(Report),
  presence: unknownFieldCounter(Presence),
  window: unknownFieldCounter(Window),
  event: unknownFieldCounter(DeviceEvent),
};

/** Presence is small; its limit has no name of its own. */
const maxBytes: Readonly<Record<Upward, number>> = {
  report: maxReportBytes,
  presence: 1024,
  window: maxWindowBytes,
  event: maxEventBytes,
};

/**
 * Reads what a device sent on one of its topics: JSON or deflated JSON [W-3]. Throws DecodeError; a message in another device's name is `schema`.
 */
export function decodeMessage(device: string, what: Upward, payload: Uint8Array): Decoded {
  const bytes = inflated(payload, what, maxBytes[what]);
  const read = decodeAs(what, bytes);
  const unknownFields = countUnknown[what](read.value);
  const decoded = { ...read, json: Buffer.from(bytes).toString(), digest: sha256(bytes), unknownFields };
  if ('device' in decoded.value && decoded.value.device !== device) {
    throw new DecodeError('schema', `${what} at /device: is ${decoded.value.device}, but ${device} sent it`);
  }
  return decoded;
}

function decodeAs(what: Upward, bytes: Uint8Array) {
  switch (what) {
    case 'report':
      return { kind: what, value: decodeReport(bytes), arms: noArms };
    case 'presence':
      return { kind: what, value: decodePresence(bytes), arms: noArms };
    case 'window':
      return { kind: what, ...windowWithTimes(bytes) };
    case 'event':
      return { kind: what, value: decodeEvent(bytes), arms: noArms };
  }
}

const noArms: readonly CountedArm[] = [];

/** A schema cannot look into a histogram's bytes; whoever reads the window later must be able to [W-5]. */
function windowWithTimes(bytes: Uint8Array): { readonly value: Window; readonly arms: readonly CountedArm[] } {
  const value = decodeWindow(bytes);
  const arms = value.arms.map((arm) => {
    return { arm, times: { compute: decodeHistogram(arm.compute), total: decodeHistogram(arm.total) } };
  });
  return { value, arms };
}

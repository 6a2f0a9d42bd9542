import type { Report } from '@bellwether/shared/contract/report';
import type { Device } from '../fleet/device.js';
import type { Reading } from './reading.js';

/** Windows that have to be missing before a device is silent, however long they are; and what a device that says nothing of them is taken to have. */
const missingWindows = 4;
const longestWindowMs = 3_600_000;
/** Somebody who passed by is back within this time. */
const passingMs = 600_000;
/** What is younger is no silence. */
const leastSilentMs = 2000;

export interface FleetSight {
  /** The devices that are in. */
  readonly devices: readonly Device[];
  readonly nowMs: number;
  /** When this server began to listen: what it did not hear before says nothing of the devices. */
  readonly startedAtMs: number;
  /** From when on a device counts as silent. */
  readonly raiseSeconds: number;
  /** How long the device's newest window was; undefined where none is known. Asked where it matters only: it may be read from disk. */
  readonly windowMsOf: (device: string) => number | undefined;
}

/** What devices say of themselves, and that they say nothing. */
export function* fleetReadings({ devices, ...sight }: FleetSight): Generator<Reading> {
  for (const device of devices) {
    const silence = silenceOf(device, sight);
    if (silence !== undefined) yield silence;
    if (device.report !== null) yield* refusalsOf(device.id, device.report, sight.nowMs);
  }
}

/** Patience: a device that is gone has said so, by its last will; one that is there may have long windows. */
function silenceOf(
  { id, lastSeenMs, presence }: Device,
  { nowMs, startedAtMs, raiseSeconds, windowMsOf }: Omit<FleetSight, 'devices'>,
): Reading | undefined {
  if (lastSeenMs === null) return undefined;
  const reading = { rule: 'device-silent', subject: {}, device: id, sinceMs: lastSeenMs } as const;
  // Its last will says nothing where nobody was there to hear it.
  const patientMs = () => (presence === 'online' ? missingWindows * (windowMsOf(id) ?? longestWindowMs) : 0);
  if (lastSeenMs < startedAtMs) {
    // What was silent before this start still is, for all that is known; of the others nothing can be said so soon.
    const heardMs = nowMs - startedAtMs;
    const isSoon = heardMs < raiseSeconds * 1000 || heardMs < patientMs();
    return { ...reading, value: isSoon ? null : (nowMs - lastSeenMs) / 1000 };
  }
  const silentMs = nowMs - lastSeenMs;
  return silentMs < leastSilentMs || silentMs < patientMs() ? undefined : { ...reading, value: silentMs / 1000 };
}

function* refusalsOf(device: string, { models, orderRefusal }: Report, nowMs: number): Generator<Reading> {
  const rule = 'release-refused';
  if (orderRefusal !== null) {
    yield { rule, subject: {}, device, value: 1, detail: orderRefusal.code };
  }
  for (const { model, refusal } of models) {
    if (refusal === null) continue;
    const { version, code, kind, atMs } = refusal;
    // A full disk, or a network that is gone, may pass by itself.
    if (kind === 'passing' && nowMs - atMs < passingMs) continue;
    yield { rule, subject: { model, version }, device, value: 1, detail: code };
  }
}

import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Presence } from '@bellwether/shared/contract/presence';
import type { Report } from '@bellwether/shared/contract/report';
import type { Standing } from './standing.js';

/** A device as the server knows it. Wall times in milliseconds. */
export interface Device {
  readonly id: string;
  /** 64 hex digits. */
  readonly publicKey: string;
  /** Keys that it had before: they stay its own, and open nothing any more. */
  readonly formerKeys: readonly string[];
  /** The key that it asks to go on with; an operator has to agree. */
  readonly nextKey: string | null;
  /** Only an approved device logs in, gets orders and downloads. */
  readonly standing: Standing;
  readonly labels: Labels;
  /** The join token it came with. */
  readonly tokenId: string;
  readonly enrolledAtMs: number;
  readonly presence: Presence['state'] | 'never';
  /** The run that said so. */
  readonly presenceRunId: string | null;
  readonly lastSeenMs: number | null;
  readonly report: Report | null;
}

/** What a message of a device changes in what the server knows about it. */
export interface DeviceChange {
  readonly presence?: Presence;
  readonly report?: Report;
  readonly seenAtMs: number;
}

/**
 * The device after a message. Of two reports of one run the higher sequence counts; another run is a newer start of the
 * agent, because its connection took over. An `offline` of a run that is no longer the one online is late: a last will
 * that the next connection overtook.
 */
export function applyChange(device: Device, change: DeviceChange): Device {
  const next = { ...device, lastSeenMs: Math.max(device.lastSeenMs ?? 0, change.seenAtMs) };
  const { report, presence } = change;
  if (report !== undefined && isNewer(report, device.report)) next.report = report;
  if (presence !== undefined && !isLateWill(presence, device)) {
    next.presence = presence.state;
    next.presenceRunId = presence.runId;
  }
  return next;
}

function isNewer(report: Report, known: Report | null): boolean {
  return known === null || report.runId !== known.runId || report.sequence > known.sequence;
}

function isLateWill(presence: Presence, device: Device): boolean {
  return presence.state === 'offline' && device.presence === 'online' && presence.runId !== device.presenceRunId;
}

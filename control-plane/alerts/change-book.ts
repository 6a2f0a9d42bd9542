import type { DeviceEvent } from '@bellwether/shared/contract/event';
import type { Report } from '@bellwether/shared/contract/report';
import { formatReleaseId, parseReleaseId } from '@bellwether/shared/ids';
import { systemOf } from '../fleet/device-system.js';
import type { CallsBefore, DeviceChange } from './attribution-facts.js';

/** A cause is looked for in the hour before a trouble, and a trouble may last: so long changes are kept, and so many of one device. */
export const keptMs = 7 * 86_400_000;
const maxChanges = 20;

/** What the timeline tells of changes of a device. */
export const changeKinds = [
  'release-serving',
  'canary-ready',
  'host-rebooted',
  'settings-changed',
  'system-changed',
] as const;

/** What of an event a change is read from. */
export type ChangeEvent = Pick<DeviceEvent, 'device' | 'kind' | 'atMs' | 'message'> & {
  readonly release?: string | null;
  readonly code?: string | null;
};

/** What of a report a change is read from. */
type ChangeReport = Pick<Report, 'device' | 'bootId' | 'machine' | 'models'>;

export interface ChangeBookParts {
  /** True for a device that is in: what is known of others is forgotten. */
  readonly isMember: (device: string) => boolean;
  /** What its calls did in the minutes before: of a release's model, without that release, or of all. */
  readonly callsBefore: (device: string, atMs: number, release: string | undefined) => CallsBefore | undefined;
}

/** What is known of one device. */
interface Known {
  changes: readonly DeviceChange[];
  /** By model: the releases that it served, at most two, the newest last. */
  readonly served: Map<string, readonly string[]>;
  system: string | undefined;
  boot: string | undefined;
}

/** What changed on devices in the last days: releases, systems, reboots, settings. */
export class ChangeBook {
  readonly #parts: ChangeBookParts;
  readonly #devices = new Map<string, Known>();

  constructor(parts: ChangeBookParts) {
    this.#parts = parts;
  }

  of(device: string): readonly DeviceChange[] {
    return this.#devices.get(device)?.changes ?? [];
  }

  /** Forgets the devices that have left. */
  forgetOthers(): void {
    for (const device of this.#devices.keys()) if (!this.#parts.isMember(device)) this.#devices.delete(device);
  }

  /** It has served this release before all that is told of it from now on. */
  served(device: string, release: string): void {
    const { served } = this.#knownOf(device);
    const model = modelOf(release);
    const before = (served.get(model) ?? []).filter((each) => each !== release);
    served.set(model, [...before.slice(-1), release]);
  }

  /** It ran this system when it last said so. */
  ran(device: string, system: string): void {
    this.#knownOf(device).system = system;
  }

  /** An event was stored. Its own time counts, unless its clock is ahead of the server's. */
  event(event: ChangeEvent, arrivedAtMs: number): void {
    const change = changeOf(event);
    if (change === undefined) return;
    const { device, kind } = event;
    const atMs = Math.min(event.atMs, arrivedAtMs);
    const release = change.kind === 'release' ? change.what : undefined;
    const before = this.#parts.callsBefore(device, atMs, release);
    // A canary stands beside a release that serves.
    const isFirst = kind === 'release-serving' && release !== undefined && !this.#hasServedOther(device, release);
    const more = { ...(isFirst && { isFirst: true as const }), ...(before !== undefined && { before }) };
    this.#add(device, { ...change, atMs, ...more }, arrivedAtMs);
    if (kind === 'release-serving' && release !== undefined) this.served(device, release);
  }

  /** A report was stored, or is known from before. Another boot or system than at the last one is a change. */
  report({ device, bootId, machine, models }: ChangeReport, arrivedAtMs: number): void {
    const known = this.#knownOf(device);
    const changed = (change: Pick<DeviceChange, 'kind' | 'what'>): void => {
      const before = this.#parts.callsBefore(device, arrivedAtMs, undefined);
      this.#add(device, { ...change, atMs: arrivedAtMs, ...(before !== undefined && { before }) }, arrivedAtMs);
    };
    if (known.boot !== undefined && known.boot !== bootId) changed({ kind: 'reboot', what: '' });
    known.boot = bootId;
    for (const { model, serving } of models) {
      if (serving !== null) this.served(device, formatReleaseId({ model, version: serving.version }));
    }
    if (machine === undefined) return;
    const system = systemOf(machine);
    if (known.system !== undefined && known.system !== system) changed({ kind: 'os', what: system });
    known.system = system;
  }

  #hasServedOther(device: string, release: string): boolean {
    const served = this.#devices.get(device)?.served.get(modelOf(release)) ?? [];
    return served.some((each) => each !== release);
  }

  #add(device: string, change: DeviceChange, nowMs: number): void {
    if (change.atMs <= nowMs - keptMs) return;
    const known = this.#knownOf(device);
    const fresh = known.changes.filter(({ atMs }) => atMs > nowMs - keptMs);
    known.changes = [...fresh, change].slice(-maxChanges);
  }

  #knownOf(device: string): Known {
    const known = this.#devices.get(device);
    if (known !== undefined) return known;
    const fresh: Known = { changes: [], served: new Map(), system: undefined, boot: undefined };
    this.#devices.set(device, fresh);
    return fresh;
  }
}

function modelOf(release: string): string {
  return parseReleaseId(release)?.model ?? release;
}

function changeOf({ kind, release, code, message }: ChangeEvent): Omit<DeviceChange, 'atMs'> | undefined {
  switch (kind) {
    case 'release-serving':
    case 'canary-ready':
      return release === undefined || release === null ? undefined : { kind: 'release', what: release };
    case 'host-rebooted':
      return { kind: 'reboot', what: '' };
    case 'settings-changed':
      return { kind: 'settings', what: code ?? message };
    case 'system-changed':
      return { kind: 'os', what: message };
    default:
      return undefined;
  }
}

import type { DeviceEvent } from '@bellwether/shared/contract/event';
import type { Report } from '@bellwether/shared/contract/report';
import type { DeviceChange } from './attribution-facts.js';

/** A cause is looked for in the hour before a trouble: so long changes are kept, and so many of one device. */
const keptMs = 3 * 3_600_000;
const maxChanges = 20;

/** Events that change a device. */
export const changeKinds = ['release-serving', 'canary-ready', 'host-rebooted', 'settings-changed'] as const;

/** What of an event a change is read from. */
export type ChangeEvent = Pick<DeviceEvent, 'device' | 'kind' | 'atMs' | 'message'> & {
  readonly release?: string | null;
  readonly code?: string | null;
};

/** What changed on devices in the last hours: releases, systems, reboots, settings. */
export class ChangeBook {
  readonly #changes = new Map<string, readonly DeviceChange[]>();
  readonly #systems = new Map<string, string>();
  readonly #boots = new Map<string, string>();

  of(device: string): readonly DeviceChange[] {
    return this.#changes.get(device) ?? [];
  }

  /** An event was stored. Its own time counts, unless its clock is ahead of the server's. */
  event(event: ChangeEvent, arrivedAtMs: number): void {
    const change = changeOf(event);
    if (change !== undefined)
      this.#add(event.device, { ...change, atMs: Math.min(event.atMs, arrivedAtMs) }, arrivedAtMs);
  }

  /** A report was stored, or is known from before. Another boot or system than at the last one is a change. */
  report({ device, bootId, machine }: Pick<Report, 'device' | 'bootId' | 'machine'>, arrivedAtMs: number): void {
    const boot = this.#boots.get(device);
    this.#boots.set(device, bootId);
    if (boot !== undefined && boot !== bootId) {
      this.#add(device, { kind: 'reboot', what: '', atMs: arrivedAtMs }, arrivedAtMs);
    }
    if (machine === undefined) return;
    const system = `${machine.kernel}, ${machine.os}`;
    const before = this.#systems.get(device);
    this.#systems.set(device, system);
    if (before !== undefined && before !== system) {
      this.#add(device, { kind: 'os', what: system, atMs: arrivedAtMs }, arrivedAtMs);
    }
  }

  #add(device: string, change: DeviceChange, nowMs: number): void {
    const fresh = this.of(device).filter(({ atMs }) => atMs > nowMs - keptMs);
    if (change.atMs > nowMs - keptMs) this.#changes.set(device, [...fresh, change].slice(-maxChanges));
  }
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
    default:
      return undefined;
  }
}

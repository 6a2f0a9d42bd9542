import type { DeviceChange, DeviceFacts } from '@bellwether/control-plane/alerts/attribution-facts';
import type { Dice } from './random-counts.js';

/** When what causes trouble happens in `troubledFleet`, and the trouble a few minutes after it. */
export const causeMs = 100 * 3_600_000;

const minuteMs = 60_000;

/** A fleet in trouble. */
export interface FleetPlan {
  readonly devices?: number;
  /** What happens to devices at `causeMs`; by their place in a shuffled row, so that it has nothing to do with labels. */
  readonly changes?: (device: PlannedDevice) => readonly Omit<DeviceChange, 'atMs'>[];
  /** The probability that a device gets into trouble, 0 … 1. */
  readonly trouble: (device: PlannedDevice) => number;
}

/** A device before anything happens; `place` is 0 … 1, random. */
export interface PlannedDevice {
  readonly labels: Readonly<Record<'hardware' | 'site' | 'serial' | 'kernel', string>>;
  readonly place: number;
  /** Another random number that nothing else hangs on. */
  readonly luck: number;
}

const pick = <T>(dice: Dice, from: readonly [T, ...T[]]): T => from[Math.floor(dice() * from.length)] ?? from[0];

/**
 * Devices of three kinds on four sites that serve digits@1.1.0, to some of which something happened in the days before
 * without any consequence. Trouble begins 2 to 10 minutes after `causeMs`.
 */
export function troubledFleet(dice: Dice, { devices = 200, changes = () => [], trouble }: FleetPlan): DeviceFacts[] {
  return Array.from({ length: devices }, (_, i): DeviceFacts => {
    const labels = {
      hardware: pick(dice, ['pi4', 'pi5', 'jetson']),
      site: pick(dice, ['north', 'south', 'east', 'west']),
      serial: `s${i}`,
      kernel: '6.1.0-27-arm64',
    };
    const planned = { labels, place: dice(), luck: dice() };
    const now = changes(planned).map((change) => ({ ...change, atMs: causeMs }));
    const release = now.find(({ kind }) => kind === 'release')?.what ?? 'digits@1.1.0';
    const kernel = now.find(({ kind }) => kind === 'os')?.what ?? labels.kernel;
    return {
      device: `cam-${i}`,
      troubleSinceMs: dice() < trouble(planned) ? causeMs + Math.floor((2 + 8 * dice()) * minuteMs) : null,
      releases: [release],
      labels: { ...labels, kernel },
      changes: [...now, ...someChanges(dice)],
    };
  });
}

/** What happens anyway: in three days one device of three is started anew, or gets other settings, at any time. */
function someChanges(dice: Dice): DeviceChange[] {
  if (dice() > 1 / 3) return [];
  const atMs = causeMs - Math.floor(72 * 60 * dice()) * minuteMs;
  return [
    pick<DeviceChange>(dice, [
      { kind: 'reboot', what: '', atMs },
      { kind: 'settings', what: 'windowSeconds 5', atMs },
    ]),
  ];
}

import type { Clock } from '@bellwether/shared/clock';
import type { DeviceBehaviour } from './behaviour.js';
import type { SimulatedDevice } from './simulated-device.js';

export interface MishapParts {
  readonly behaviour: DeviceBehaviour;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onCrash: () => void;
  readonly signal: AbortSignal;
}

/** Everything that befalls a device until the signal: crashes, a time offline, a link that flaps. Resolves when no more will come. */
export async function befall(device: SimulatedDevice, parts: MishapParts): Promise<void> {
  const { behaviour } = parts;
  await Promise.all([
    behaviour.crashEverySeconds === undefined ? undefined : crashes(device, behaviour.crashEverySeconds, parts),
    behaviour.offline === undefined ? undefined : offline(device, behaviour.offline, parts),
    behaviour.flapping === undefined ? undefined : flaps(device, behaviour.flapping, parts),
  ]);
}

async function crashes(
  device: SimulatedDevice,
  everySeconds: number,
  { clock, random, signal, onCrash }: MishapParts,
): Promise<void> {
  for (;;) {
    await clock.sleep(around(everySeconds, random), signal);
    if (signal.aborted) return;
    onCrash();
    await device.crash();
    if (!signal.aborted) await device.start();
  }
}

async function offline(
  device: SimulatedDevice,
  { afterSeconds, forSeconds }: NonNullable<DeviceBehaviour['offline']>,
  { clock, signal }: MishapParts,
): Promise<void> {
  await clock.sleep(afterSeconds * 1000, signal);
  if (!signal.aborted) device.setNetwork(false);
  await clock.sleep(forSeconds * 1000, signal);
  device.setNetwork(true);
}

async function flaps(
  device: SimulatedDevice,
  { upSeconds, downSeconds }: NonNullable<DeviceBehaviour['flapping']>,
  { clock, random, signal }: MishapParts,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(around(upSeconds, random), signal);
    if (signal.aborted) return;
    device.setNetwork(false);
    await clock.sleep(around(downSeconds, random), signal);
    device.setNetwork(true);
  }
}

/** Milliseconds between a half and one and a half of it: a fleet must not do everything at once. */
function around(meanSeconds: number, random: () => number): number {
  return meanSeconds * 1000 * (0.5 + random());
}

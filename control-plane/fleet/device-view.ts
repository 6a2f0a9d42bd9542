import { fingerprintOf, formatReleaseId } from '@bellwether/shared/ids';
import type { DeviceView, LiveFigures } from '../http/operator-api.js';
import type { StoredOrder } from '../orders/order-store.js';
import type { DeviceHold } from '../rollouts/device-hold.js';
import type { Device } from './device.js';

/** What other rooms know of a device. */
interface DeviceFacts extends Pick<DeviceView, 'slowed'> {
  readonly order: StoredOrder | undefined;
  readonly live: LiveFigures | null;
  readonly holds: readonly DeviceHold[];
}

/** A device as the operator sees it. */
export function deviceView(device: Device, { order, live, holds, slowed }: DeviceFacts): DeviceView {
  const { id, standing, tokenId, labels, enrolledAtMs, presence, lastSeenMs, report } = device;
  return {
    id,
    fingerprint: fingerprintOf(device.publicKey),
    standing,
    nextFingerprint: device.nextKey === null ? null : fingerprintOf(device.nextKey),
    tokenId,
    labels,
    enrolledAtMs,
    presence,
    lastSeenMs,
    ordered: orderedView(order),
    report,
    live,
    slowed,
    holds: holds.map((hold) => {
      const { kind, by, why, atMs } = hold;
      return { kind, release: hold.kind === 'pinned' ? formatReleaseId(hold) : null, by, why, atMs };
    }),
  };
}

/** Models with the version that is ordered. */
function orderedView(order: StoredOrder | undefined): DeviceView['ordered'] {
  if (order === undefined) return null;
  const models = Object.entries(order.models).map(([model, { stable }]) => [model, stable.version] as const);
  return { epoch: order.epoch, generation: order.generation, models: Object.fromEntries(models) };
}

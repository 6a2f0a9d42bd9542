import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Order } from '@bellwether/shared/contract/order';
import { sha256 } from '@bellwether/shared/signing/digest';
import { isFor, type Rollout } from '../rollouts/rollout.js';

/** What an order depends on. */
export interface OrderedDevice {
  readonly labels: Labels;
  /** What the device reported last; `production` while it has not. */
  readonly stage: 'staging' | 'production';
}

/**
 * The rollouts whose releases a device is to serve: of each model the newest one that is for it and that its stage
 * admits. `isApproved` says whether a rollout's release is listed for production.
 */
export function rolloutsFor(
  device: OrderedDevice,
  rollouts: readonly Rollout[],
  isApproved: (rollout: Rollout) => boolean,
): readonly Rollout[] {
  const newest = new Map<string, Rollout>();
  for (const rollout of rollouts) {
    if (rollout.phase === 'superseded' || !isFor(rollout.target, device.labels)) continue;
    if (device.stage === 'production' && !isApproved(rollout)) continue;
    if (rollout.number > (newest.get(rollout.model)?.number ?? 0)) newest.set(rollout.model, rollout);
  }
  return [...newest.values()].sort((a, b) => (a.model < b.model ? -1 : 1));
}

/** The models part of an order; undefined when there is nothing to order: no bug of ours may switch a device off [T-5]. */
export function composeModels(rollouts: readonly Rollout[]): Order['models'] | undefined {
  if (rollouts.length === 0) return undefined;
  return Object.fromEntries(rollouts.map(({ model, version, manifest }) => [model, { stable: { version, manifest } }]));
}

/** SHA-256 of what an order says, who signs it, and for which key of the device it is. While it stays the same, the order that went out stands. */
export function contentDigest(
  epoch: number,
  { director, device }: { readonly director: string; readonly device: string },
  models: Order['models'],
): string {
  const sorted = Object.entries(models).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(Buffer.from(JSON.stringify([epoch, director, device, sorted])));
}

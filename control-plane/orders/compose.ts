import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Order } from '@bellwether/shared/contract/order';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { Catalog, CatalogRelease } from '../catalog/catalog.js';
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

/** What of the catalogue devices should hear of soon: newer root or targets, and withdrawals among the models that are ordered [T-9]. */
export function urgentNews(
  { versions, releases }: { readonly versions: Catalog['versions']; readonly releases: readonly CatalogRelease[] },
  models: Order['models'],
): readonly unknown[] {
  const withdrawn = releases.filter((release) => release.withdrawn !== null && models[release.model] !== undefined);
  return [versions.root, versions.targets, withdrawn.map(({ model, version }) => `${model}@${version}`).sort()];
}

/** SHA-256 of what an order says, who signs it, for which key of the device it is, and what it is to make known. While it stays the same, the order that went out stands. */
export function contentDigest(
  {
    epoch,
    directors,
    device,
  }: { readonly epoch: number; readonly directors: readonly string[]; readonly device: string },
  models: Order['models'],
  news: readonly unknown[],
): string {
  const sorted = Object.entries(models).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(Buffer.from(JSON.stringify([epoch, directors, device, sorted, news])));
}

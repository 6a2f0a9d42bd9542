import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Order, OrderedCanary, OrderedRelease } from '@bellwether/shared/contract/order';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { Catalog, CatalogRelease } from '../catalog/catalog.js';
import { stratumOf } from '../rollouts/cohort.js';
import type { DeviceHold } from '../rollouts/device-hold.js';
import { isFor, type Rollout } from '../rollouts/rollout.js';
import { type Part, partOf } from '../rollouts/rollout-part.js';

/** What an order depends on. */
export interface OrderedDevice {
  readonly id: string;
  readonly labels: Labels;
  /** What the device reported last; `production` while it has not. */
  readonly stage: 'staging' | 'production';
  /** What a person has decided about it. */
  readonly holds: readonly DeviceHold[];
}

/** One model of an order, and the rollouts that it comes from: null where a person decided, or none has a canary. */
export interface ModelOrder {
  readonly model: string;
  readonly stable: OrderedRelease;
  readonly stableFrom: number | null;
  readonly canary: OrderedCanary | null;
  readonly canaryFrom: number | null;
}

/**
 * What a device is to run: of each model the release of the newest rollout that gives it one and that its stage admits,
 * and the canary of a newer one beside it. What a person has pinned or frozen stands, without canaries.
 * `isApproved` says whether a rollout's release is listed for production.
 */
export function modelsFor(
  device: OrderedDevice,
  rollouts: readonly Rollout[],
  isApproved: (rollout: Rollout) => boolean,
): readonly ModelOrder[] {
  const pinned = device.holds.flatMap((hold): ModelOrder[] => {
    if (hold.kind !== 'pinned') return [];
    const { model, version, manifest } = hold;
    return [{ model, stable: { version, manifest }, ...byPerson }];
  });
  const frozen = device.holds.find((hold) => hold.kind !== 'pinned');
  const others = frozen === undefined ? ordered(device, rollouts, isApproved) : frozenModels(frozen);
  const isPinned = ({ model }: ModelOrder) => pinned.some((pin) => pin.model === model);
  return [...pinned, ...others.filter((each) => !isPinned(each))].sort((a, b) => (a.model < b.model ? -1 : 1));
}

const byPerson = { stableFrom: null, canary: null, canaryFrom: null } as const;

function frozenModels(hold: Exclude<DeviceHold, { kind: 'pinned' }>): ModelOrder[] {
  return Object.entries(hold.models).map(([model, stable]) => ({ model, stable, ...byPerson }));
}

function ordered(
  { id, labels, stage }: OrderedDevice,
  rollouts: readonly Rollout[],
  isApproved: (rollout: Rollout) => boolean,
): ModelOrder[] {
  const done = new Map<string, ModelOrder>();
  const canaries = new Map<string, { readonly part: Extract<Part, { kind: 'canary' }>; readonly from: Rollout }>();
  for (const rollout of rollouts.toSorted((a, b) => b.number - a.number)) {
    const { model, version, manifest, target, course, number } = rollout;
    if (done.has(model) || !isFor(target, labels)) continue;
    const stratum = course === null ? '' : stratumOf(labels, course.stratifyBy, course.strata);
    const part = partOf(rollout, { device: id, stratum });
    if (part.kind === 'none' || (stage === 'production' && !isApproved(rollout))) continue;
    if (part.kind === 'canary') {
      if (!canaries.has(model)) canaries.set(model, { part, from: rollout });
      continue;
    }
    const canary = canaries.get(model);
    // The same release needs no second runner.
    const isOther = canary !== undefined && canary.from.manifest !== manifest;
    done.set(model, {
      model,
      stable: { version, manifest, ...(part.attempt > 0 && { attempt: part.attempt }) },
      stableFrom: number,
      canary: isOther ? canary.part.canary : null,
      canaryFrom: isOther ? canary.from.number : null,
    });
  }
  return [...done.values()];
}

/** The models of an order. Undefined when there is nothing to order: no bug of ours may switch a device off [T-5]. */
export function composeModels(models: readonly ModelOrder[]): Order['models'] | undefined {
  if (models.length === 0) return undefined;
  return Object.fromEntries(
    models.map(({ model, stable, canary }) => [model, { stable, ...(canary !== null && { canary }) }]),
  );
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

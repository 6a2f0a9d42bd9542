import type { Clock } from '@bellwether/shared/clock';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { InstallRecord, ReleaseRef } from '../installs/install-record.js';
import { releaseRefOf } from '../installs/install-record.js';
import type { ProbationLimits } from '../installs/probation.js';
import type { DeviceTrust } from '../trust/device-trust.js';
import { AdmissionRefusal } from '../trust/refusal.js';
import { type LiveModels, runnerRelease } from './live-models.js';
import type { ListingState, Observed, ObservedModel } from './plan.js';
import type { Retries } from './retries.js';

export interface ObserveParts {
  readonly trust: DeviceTrust;
  readonly records: () => readonly InstallRecord[];
  readonly live: LiveModels;
  readonly retries: Retries;
  readonly probation: ProbationLimits;
  readonly onNoAllowedRelease: 'keep' | 'stop';
  readonly clock: Clock;
}

/** What is wanted and what is there, at this moment; the clock is read once. */
export function observe(parts: ObserveParts): Observed {
  const { trust, live, probation, onNoAllowedRelease, clock } = parts;
  const nowMs = clock.now().monotonicMs;
  const { accepted } = trust;
  const ordered = orderedReleases(trust);
  const models = new Set([...ordered.keys(), ...live.models()]);
  return {
    order: accepted?.digest ?? null,
    models: [...models].map((model) => observeModel(parts, model, ordered.get(model) ?? null, nowMs)),
    probation,
    onNoAllowedRelease,
  };
}

/** The releases that the accepted order names, by model. */
export function orderedReleases({ accepted }: Pick<DeviceTrust, 'accepted'>): ReadonlyMap<string, ReleaseRef> {
  const models = Object.entries(accepted?.order.models ?? {});
  return new Map(models.map(([model, { stable }]) => [model, releaseRefOf({ model, ...stable })]));
}

/** Digest of what the accepted order says of one model; of a model that it does not name, or without an order, of that. */
export function orderEntry({ accepted }: Pick<DeviceTrust, 'accepted'>, model: string): string {
  const release = accepted?.order.models[model]?.stable;
  return sha256(Buffer.from(JSON.stringify([model, release?.version ?? null, release?.manifest ?? null])));
}

function observeModel(parts: ObserveParts, model: string, ordered: ReleaseRef | null, nowMs: number): ObservedModel {
  const { trust, records, live, retries } = parts;
  const serving = live.serving(model);
  const standby = live.standby(model);
  return {
    model,
    ordered,
    entry: orderEntry(trust, model),
    installs: records()
      .filter((record) => record.model === model)
      .map((record) => ({ record, listing: listingState(trust, record), waitMs: retries.waitMs(record, nowMs) })),
    serving:
      serving === undefined
        ? null
        : {
            release: serving.release,
            servedMs: serving.before.servedMs + nowMs - serving.since.monotonicMs,
            calls: serving.calls,
          },
    isOpen: live.isOpen(model),
    standby: standby === undefined ? null : runnerRelease(standby),
  };
}

function listingState(trust: DeviceTrust, { model, version, manifest }: ReleaseRef): ListingState {
  try {
    return trust.find(model, version).sha256 === manifest ? 'listed' : 'unlisted';
  } catch (error) {
    if (!(error instanceof AdmissionRefusal)) throw error;
    return error.code === 'withdrawn' ? 'withdrawn' : 'unlisted';
  }
}

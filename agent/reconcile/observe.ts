import type { Clock } from '@bellwether/shared/clock';
import { hasState } from '@bellwether/shared/models/state-tensors';
import { sha256 } from '@bellwether/shared/signing/digest';
import { settingsOf } from '../inference/canary-settings.js';
import type { InstallRecord, ReleaseRef } from '../installs/install-record.js';
import { isSameRelease, releaseRefOf } from '../installs/install-record.js';
import type { ProbationLimits } from '../installs/probation.js';
import type { DeviceTrust } from '../trust/device-trust.js';
import { AdmissionRefusal } from '../trust/refusal.js';
import { type LiveModels, runnerRelease } from './live-models.js';
import type { ListingState, Observed, ObservedCanary, ObservedModel } from './observed.js';
import { withRoomForOne } from './plan-canary.js';
import type { Retries } from './retries.js';

export interface ObserveParts {
  readonly trust: DeviceTrust;
  readonly records: () => readonly InstallRecord[];
  readonly live: LiveModels;
  readonly retries: Retries;
  /** The segment of a model's last draw; 0 before the first. */
  readonly segmentOf: (model: string) => number;
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
    models: [...models].map((model) => withRoomForOne(observeModel(parts, model, ordered.get(model) ?? null, nowMs))),
    probation,
    onNoAllowedRelease,
  };
}

/** The releases that the accepted order names, by model. */
export function orderedReleases({ accepted }: Pick<DeviceTrust, 'accepted'>): ReadonlyMap<string, ReleaseRef> {
  const models = Object.entries(accepted?.order.models ?? {});
  return new Map(models.map(([model, { stable }]) => [model, releaseRefOf({ model, ...stable })]));
}

/** The canaries that the accepted order names. */
export function orderedCanaries({ accepted }: Pick<DeviceTrust, 'accepted'>): readonly ReleaseRef[] {
  const models = Object.entries(accepted?.order.models ?? {});
  return models.flatMap(([model, { canary }]) => (canary === undefined ? [] : [releaseRefOf({ model, ...canary })]));
}

/** Digest of what the accepted order says of one model; of a model that it does not name, or without an order, of that. */
export function orderEntry({ accepted }: Pick<DeviceTrust, 'accepted'>, model: string): string {
  const release = accepted?.order.models[model]?.stable;
  const attempt = release?.attempt === undefined ? [] : [release.attempt];
  const entry = [model, release?.version ?? null, release?.manifest ?? null, ...attempt];
  return sha256(Buffer.from(JSON.stringify(entry)));
}

function observeModel(parts: ObserveParts, model: string, ordered: ReleaseRef | null, nowMs: number): ObservedModel {
  const { trust, records, live, retries } = parts;
  const serving = live.serving(model);
  const standby = live.standby(model);
  const trial = live.trial(model);
  return {
    model,
    ordered,
    entry: orderEntry(trust, model),
    installs: records()
      .filter((record) => record.model === model)
      .map((record) => ({
        record,
        listing: listingState(trust, record),
        waitMs: retries.waitMs(record, nowMs),
        waitCode: retries.codeOf(record),
        waitWhy: retries.whyOf(record),
      })),
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
    canary: observeCanary(parts, model, ordered, nowMs),
    trial:
      trial === undefined
        ? null
        : { ...trial, triedMs: nowMs - trial.since.monotonicMs, segment: parts.segmentOf(model) },
  };
}

/** A canary that is stable anyway is none. */
function observeCanary(
  { trust: { accepted, leaseFromMs }, live }: Pick<ObserveParts, 'trust' | 'live'>,
  model: string,
  ordered: ReleaseRef | null,
  nowMs: number,
): ObservedCanary | null {
  const canary = accepted?.order.models[model]?.canary;
  if (canary === undefined || ordered === null) return null;
  const release = releaseRefOf({ model, ...canary });
  if (isSameRelease(release, ordered)) return null;
  const entry = (place: string): string => {
    const { rollout, attempt = 0 } = canary;
    return sha256(Buffer.from(JSON.stringify([model, place, rollout, attempt, release.version, release.manifest])));
  };
  const leaseEndMs = leaseFromMs === null ? nowMs : leaseFromMs + canary.leaseSeconds * 1000;
  return {
    release,
    settings: settingsOf(canary),
    entry: entry('canary'),
    aloneEntry: entry('alone'),
    keepsState: [live.trial(model)?.runner, live.standby(model)].some(
      (runner) => runner?.model.manifestSha256 === release.manifest && hasState(runner.model.manifest.inputs),
    ),
    leaseLeftMs: Math.max(0, leaseEndMs - nowMs),
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

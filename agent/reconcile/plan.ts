import { formatReleaseId } from '@bellwether/shared/ids';
import { liftedOrder } from '../installs/install.js';
import { type InstallRecord, isSameRelease, type ReleaseRef, releaseRefOf } from '../installs/install-record.js';
import { isProbationOver, type ProbationLimits, probationLookMs } from '../installs/probation.js';
import type { Observed, ObservedInstall, ObservedModel, ObservedServing } from './observed.js';
import { canaryLooks, canarySteps } from './plan-canary.js';
import { installLane, installReason, servingLane } from './plan-install.js';
import type { Plan, Step } from './step.js';

/** How much of a probation a restart of the agent may forget: while it is young, and when only calls are missing. Flash wears out. */
const keepEveryMs = { young: 60_000, old: 15 * 60_000 } as const;

/** Desired order × observed → steps, each with its reason; no steps: converged. */
export function makePlan(observed: Observed): Plan {
  const { order } = observed;
  if (order === null) return { steps: [], lookAgainMs: null };
  const looks = observed.models.flatMap((model) => [...looksAhead(model, observed.probation), ...canaryLooks(model)]);
  return {
    steps: observed.models.flatMap((model) => [
      ...standbySteps(model),
      ...servingSteps(model, observed),
      ...installSteps(model),
      ...canarySteps(model),
      ...liftSteps(model),
    ]),
    lookAgainMs: looks.length === 0 ? null : Math.min(...looks),
  };
}

function standbySteps({ model, standby, ordered, canary }: ObservedModel): Step[] {
  const isWanted = [ordered, canary?.release ?? null].some(
    (each) => each !== null && standby !== null && isSameRelease(standby, each),
  );
  if (standby === null || isWanted) return [];
  return [{ type: 'discard', lane: servingLane(model), release: standby, reason: 'the order no longer names it' }];
}

function servingSteps(model: ObservedModel, observed: Observed): Step[] {
  const { ordered, serving, standby, entry: order } = model;
  const lane = servingLane(model.model);
  if (ordered === null) {
    const step: Step = { type: 'withdraw', lane, model: model.model, reason: 'the order does not name it' };
    return model.isOpen ? [step] : [];
  }
  if (standby !== null && isSameRelease(standby, ordered)) {
    return [{ type: 'swap', lane, release: standby, reason: 'its runner is ready' }];
  }
  const { trial } = model;
  if (trial !== null && isSameRelease(trial.release, ordered) && !isServed(trial.release, serving)) {
    return [{ type: 'promote', lane, release: trial.release, reason: 'its runner serves as canary already' }];
  }
  const allowed = allowedInstalls(model);
  const best = allowed.find((install) => isServing(install, serving) || install.waitMs === 0);
  if (best === undefined) {
    const isOver = allowed.length === 0 && serving !== null && observed.onNoAllowedRelease === 'stop';
    const reason = `${serving === null ? 'it' : formatReleaseId(serving.release)} is withdrawn and nothing may take its place`;
    return isOver ? [{ type: 'withdraw', lane, model: model.model, reason }] : [];
  }
  const release = releaseRefOf(best.record);
  if (!isServing(best, serving) || serving === null) {
    return [{ type: 'restore', lane, release, order, reason: restoreReason(model, best.record) }];
  }
  if (best.record.phase !== 'serving') return [];
  if (isProbationOver(serving, observed.probation)) {
    return [{ type: 'settle', lane, release, reason: `${serving.calls} calls in probation` }];
  }
  return keepLookMs(best.record, serving, observed.probation) === 0
    ? [{ type: 'keep-probation', lane, release, reason: 'a restart must not begin it anew' }]
    : [];
}

/**
 * The one function that boot, revert, rollback and withdrawal choose by [T-9]: installed here, not refused or reverted
 * here, no tombstone; first what is ordered, then what serves, then whatever is listed, the latest that served first.
 * (The latest that served, not the highest version: an operator's rollback must outlast a restart.)
 */
function allowedInstalls({ ordered, serving, installs }: ObservedModel): readonly ObservedInstall[] {
  const rank = (install: ObservedInstall): number => {
    if (ordered !== null && isSameRelease(install.record, ordered)) return 0;
    return isServing(install, serving) ? 1 : 2;
  };
  return installs
    .filter(({ record }) => record.phase === 'serving' || record.phase === 'settled')
    .filter((install) => install.listing !== 'withdrawn' && (install.listing === 'listed' || rank(install) < 2))
    .toSorted((a, b) => rank(a) - rank(b) || b.record.servedOrdinal - a.record.servedOrdinal);
}

function restoreReason({ ordered, serving }: ObservedModel, record: InstallRecord): string {
  if (ordered !== null && isSameRelease(record, ordered)) {
    return serving === null ? 'ordered, installed here, and nothing serves' : 'ordered, and installed here before';
  }
  return serving === null
    ? 'nothing serves, and this served last'
    : `${formatReleaseId(serving.release)} may not serve`;
}

function installSteps({ ordered, standby, installs, trial, entry: order }: ObservedModel): Step[] {
  if (ordered === null) return [];
  // Promoted, it needs no other runner.
  if (trial !== null && isSameRelease(trial.release, ordered)) return [];
  const install = installs.find(({ record }) => isSameRelease(record, ordered));
  const reason =
    install === undefined
      ? 'ordered, and not here yet'
      : installReason(install, standby !== null && isSameRelease(standby, ordered), order);
  return reason === undefined ? [] : [{ type: 'install', lane: installLane, release: ordered, order, reason }];
}

function liftSteps({ model, ordered, canary, installs }: ObservedModel): Step[] {
  const stale = installs.filter(
    ({ record }) =>
      record.verdict !== null &&
      record.verdict.order !== liftedOrder &&
      (record.phase === 'refused' || record.phase === 'reverted') &&
      (ordered === null || !isSameRelease(record, ordered)) &&
      (canary === null || !isSameRelease(record, canary.release)),
  );
  const reason = 'the order does not name it any more';
  return stale.map(({ record }) => ({
    type: 'lift',
    lane: `verdicts/${model}`,
    release: releaseRefOf(record),
    reason,
  }));
}

function looksAhead({ serving, installs }: ObservedModel, probation: ProbationLimits): number[] {
  const waits = installs.map(({ waitMs }) => waitMs).filter((waitMs) => waitMs > 0);
  const served = installs.find((install) => isServing(install, serving));
  // When it is over its step is planned: whatever keeps that from ending wakes the loop, a look at once would only spin.
  if (serving === null || served?.record.phase !== 'serving' || isProbationOver(serving, probation)) return waits;
  // The same of keeping it: when that is due its step is planned.
  const keepMs = keepLookMs(served.record, serving, probation);
  return [...waits, probationLookMs(serving, probation), ...(keepMs > 0 ? [keepMs] : [])];
}

/** In how many milliseconds what it has behind it should go to disk; 0: now. */
function keepLookMs({ probation }: InstallRecord, { servedMs }: ObservedServing, limits: ProbationLimits): number {
  const everyMs = servedMs <= limits.minutes * 60_000 ? keepEveryMs.young : keepEveryMs.old;
  return Math.max(0, (probation?.servedMs ?? 0) + everyMs - servedMs);
}

function isServed(release: ReleaseRef, serving: ObservedServing | null): boolean {
  return serving !== null && isSameRelease(release, serving.release);
}

function isServing({ record }: ObservedInstall, serving: ObservedServing | null): boolean {
  return serving !== null && isSameRelease(record, serving.release);
}

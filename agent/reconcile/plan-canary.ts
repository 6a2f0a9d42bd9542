import { formatReleaseId } from '@bellwether/shared/ids';
import { isSameSettings } from '../inference/canary-settings.js';
import { isSameRelease } from '../installs/install-record.js';
import type { ObservedCanary, ObservedInstall, ObservedModel } from './observed.js';
import { installLane, installReason, isPassing, servingLane } from './plan-install.js';
import type { Step } from './step.js';

/** A canary's first minute with calls: an end of the agent in it may be the canary's doing. */
const freshMs = 60_000;

/**
 * Where a canary stands on this device. `off`: it is ordered and may not have calls; `state` is the report's word for why.
 */
export type CanaryStanding =
  | { readonly kind: 'wanted'; readonly canary: ObservedCanary }
  | {
      readonly kind: 'off';
      readonly canary: ObservedCanary;
      readonly state: 'refused' | 'no-room' | 'tripped' | 'lease-over' | 'reverted';
      /** More exactly: of the refusal, or `lease-over`. */
      readonly code: string;
      readonly message: string;
    };

type CanaryOff = Extract<CanaryStanding, { kind: 'off' }>;

/** Whether the ordered canary may have calls here; undefined when none is ordered. */
export function canaryStanding(model: ObservedModel): CanaryStanding | undefined {
  const { canary } = model;
  if (canary === null) return undefined;
  const off = (state: CanaryOff['state'], code: string, message: string): CanaryStanding => {
    return { kind: 'off', canary, state, code, message };
  };
  const install = installOf(model, canary);
  const verdict = install?.record.verdict ?? null;
  if (verdict !== null && isOrderOf(canary, verdict.order) && !isPassing(verdict.code)) {
    return off(offStates.get(verdict.code) ?? 'refused', verdict.code, verdict.message);
  }
  if (canary.leaseLeftMs === 0) {
    return off('lease-over', 'lease-over', 'no signed server time has come for the length of its lease');
  }
  if (canary.keepsState && canary.settings.mode === 'shadow') {
    // The server refuses such a rollout; an order that says so all the same must not gather nothing in silence.
    const message = `${formatReleaseId(canary.release)} keeps state between calls, which cannot be copied: it takes a split by key, and no shadow`;
    return off('refused', 'stateful-shadow', message);
  }
  // In a `full` step it takes stable's place instead, and has no room only when that is refused too.
  const mayTakePlace = canary.settings.mode === 'full' && verdict?.order !== canary.aloneEntry;
  if (isShortOfRoom(install) && !isAlone(model) && !mayTakePlace) {
    const why = install?.waitWhy ?? verdict?.message;
    const message = why ?? `${formatReleaseId(canary.release)} does not fit beside what serves`;
    return off('no-room', install?.waitCode ?? 'memory', message);
  }
  return { kind: 'wanted', canary };
}

/**
 * Where two releases do not fit, a `full` step is an ordinary swap: the canary is what is ordered, as long as it may be.
 * Other models are as they were.
 */
export function withRoomForOne(model: ObservedModel): ObservedModel {
  const { canary, serving } = model;
  if (canary === null || canary.settings.mode !== 'full' || canary.leaseLeftMs === 0) return model;
  const install = installOf(model, canary);
  const verdict = install?.record.verdict ?? null;
  if (verdict !== null && isOrderOf(canary, verdict.order) && !isPassing(verdict.code)) return model;
  const servesAlready = serving !== null && isSameRelease(serving.release, canary.release);
  if (!servesAlready && !isShortOfRoom(install)) return model;
  return { ...model, ordered: canary.release, entry: canary.aloneEntry };
}

/** Installs the canary once stable serves, gives it its calls, changes them, and takes them away. */
export function canarySteps(model: ObservedModel): Step[] {
  const { trial, standby, ordered, serving } = model;
  const lane = servingLane(model.model);
  const standing = canaryStanding(model);
  const wanted = standing?.kind === 'wanted' ? standing.canary : undefined;
  if (trial !== null) {
    if (wanted !== undefined && isSameRelease(trial.release, wanted.release)) {
      if (isSameSettings(trial.settings, wanted.settings)) return steadySteps(model, lane);
      return [{ type: 'try', lane, ...pick(wanted), reason: 'the order gives it other calls' }];
    }
    // Promoted, it is no canary any more, and its step is planned where stable's are.
    const isPromoted =
      ordered !== null &&
      isSameRelease(trial.release, ordered) &&
      serving?.release !== undefined &&
      !isSameRelease(serving.release, ordered);
    if (isPromoted) return [];
    const isOff = standing?.kind === 'off';
    const reason = isOff ? standing.message : 'the order does not name it any more';
    return [{ type: 'drop', lane, release: trial.release, ...(isOff && { code: standing.code }), reason }];
  }
  if (wanted === undefined || ordered === null || serving === null || !isSameRelease(serving.release, ordered))
    return [];
  if (isAlone(model)) return [{ type: 'try', lane, ...pick(wanted), reason: 'it serves alone' }];
  if (standby !== null) {
    const isReady = isSameRelease(standby, wanted.release);
    return isReady ? [{ type: 'try', lane, ...pick(wanted), reason: 'its runner is ready' }] : [];
  }
  return preparation(model, wanted);
}

/** When to look again though nothing happens: when the lease is over, and when the canary's first minute is. */
export function canaryLooks(model: ObservedModel): number[] {
  const { canary } = model;
  const looks = [canary?.leaseLeftMs ?? 0, freshLeftMs(model) ?? 0];
  return looks.filter((ms) => ms > 0);
}

function preparation(model: ObservedModel, canary: ObservedCanary): Step[] {
  const { release, entry: order } = canary;
  const install = installOf(model, canary);
  const phase = install?.record.phase;
  const isHere = phase === 'standby' || phase === 'serving' || phase === 'settled';
  if (isHere) {
    if (install === undefined || install.waitMs > 0 || install.listing !== 'listed') return [];
    return [{ type: 'warm', lane: installLane, release, order, reason: 'ordered as canary, and installed here' }];
  }
  const reason = install === undefined ? 'ordered as canary, and not here yet' : installReason(install, false, order);
  return reason === undefined ? [] : [{ type: 'install', lane: installLane, release, order, isBeside: true, reason }];
}

/** The canary is what serves: there is no other runner. */
function isAlone({ canary, serving }: ObservedModel): boolean {
  return canary !== null && serving !== null && isSameRelease(serving.release, canary.release);
}

/** What did not fit does not fit until the order changes; a device that ran low may have room again after its wait. */
function isShortOfRoom(install: ObservedInstall | undefined): boolean {
  return install?.waitCode === 'memory' || (install?.waitCode === 'memory-low' && install.waitMs > 0);
}

function isOrderOf({ entry, aloneEntry }: ObservedCanary, order: string): boolean {
  return order === entry || order === aloneEntry;
}

function installOf({ installs }: ObservedModel, { release }: ObservedCanary): ObservedInstall | undefined {
  return installs.find(({ record }) => isSameRelease(record, release));
}

function pick({ release, settings, entry: order }: ObservedCanary) {
  return { release, settings, order };
}

/** Milliseconds until a canary that runs has had calls for its first minute; undefined when that is known already. */
function freshLeftMs(model: ObservedModel): number | undefined {
  const { trial, canary } = model;
  if (trial === null || canary === null || installOf(model, canary)?.record.canary?.isFresh !== true) return undefined;
  return Math.max(0, freshMs - trial.triedMs);
}

function steadySteps(model: ObservedModel, lane: string): Step[] {
  const { trial } = model;
  if (trial === null || freshLeftMs(model) !== 0) return [];
  return [{ type: 'steady', lane, release: trial.release, reason: 'its first minute with calls is over' }];
}

const offStates: ReadonlyMap<string, 'tripped' | 'reverted'> = new Map([
  ['canary-tripped', 'tripped'],
  ['runner-deaths', 'reverted'],
]);

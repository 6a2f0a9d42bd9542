import { Labels } from '@bellwether/shared/contract/http-api';
import { WireHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { type Static, Type } from '@bellwether/shared/schema';
import { RolloutPolicy, RolloutStep } from '../rollouts/policy.js';
import { devicesInView } from '../rollouts/rollout-device-limit.js';
import { Verdict } from '../rollouts/verdict/verdict.js';

/** Rollouts over HTTP and in the live feed. Bodies of requests are strict. */

const count = Type.Integer({ minimum: 0 });
const time = count;
const strict = { additionalProperties: false } as const;
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/** Whom a rollout is for: everybody, or the devices that carry all these labels. */
export const RolloutTarget = Type.Union([
  Type.Object({ all: Type.Literal(true) }, strict),
  Type.Object({ labels: Labels }, strict),
]);
export type RolloutTarget = Static<typeof RolloutTarget>;

/** A policy of a later version of this software: read so far that it can be refused by name. */
const NewerPolicy = Type.Object({ version: Type.Integer({ minimum: 2 }) });

/** `POST /rollouts`, and `POST /rollouts/preview` for what would become of it. */
export const RolloutRequest = Type.Object(
  {
    release: Type.String({ maxLength: 200 }),
    to: RolloutTarget,
    /** The name of a preset, or a whole policy. Left out: `direct`, every device at once and on its own word. */
    policy: Type.Optional(Type.Union([Type.String({ maxLength: 40 }), RolloutPolicy, NewerPolicy])),
    /** Ends the rollouts of this model that are on their way to the same devices; without it they are a refusal. */
    supersede: Type.Optional(Type.Boolean()),
  },
  strict,
);
export type RolloutRequest = Static<typeof RolloutRequest>;

/**
 * Where a rollout is. `rolling`: on its way. `waiting`: for an approval or its start window. `paused` by a person; `held`:
 * a person has to decide (or, of a direct one, a device refused). `rolling-back` until every device says that the release
 * is gone, then `rolled-back`. `aborted`: ended by a person. `done`. `superseded` by a newer rollout.
 */
export const rolloutPhases = [
  'rolling',
  'waiting',
  'paused',
  'held',
  'rolling-back',
  'rolled-back',
  'aborted',
  'done',
  'superseded',
] as const;
export type RolloutPhase = (typeof rolloutPhases)[number];

/** What a person may do to a rollout: `POST /rollouts/:id/<action>`. */
export const rolloutActions = ['approve', 'pause', 'resume', 'abort', 'retry', 'promote', 'rollback'] as const;
export type RolloutAction = (typeof rolloutActions)[number];

/** `POST /rollouts/:id/<action>` */
export const RolloutDecisionRequest = Type.Object(
  {
    /** For the audit log; promote needs it. */
    why: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    /** Of abort: devices that have the release up keep it, wholly. Left out: they go back to the one before. */
    keep: Type.Optional(Type.Boolean()),
    /** Of promote: to the end. Left out: to the next step. */
    all: Type.Optional(Type.Boolean()),
    /** The step that was looked at, as the rollout's `step` said: refused with `action-conflict` where it is at another by now. Left out: whichever it is at. */
    step: Type.Optional(Type.Integer({ minimum: 0, maximum: 1000 })),
  },
  strict,
);
export type RolloutDecisionRequest = Static<typeof RolloutDecisionRequest>;
/** `POST /rollouts/:id/promote`: whoever passes a step without its evidence says why. */
export const PromoteRequest = Type.Object(
  { ...RolloutDecisionRequest.properties, why: Type.String({ minLength: 1, maxLength: 500 }) },
  strict,
);

/**
 * Where a device stands in a rollout: a refused one names the code. Only `settled` and `serving` have the release up;
 * `canary`: it has calls of its own beside stable. `stable`: not in a cohort yet, or left on the release before; `off`: its canary was switched off.
 */
export const RolloutDevice = Type.Object({
  device: Type.String(),
  state: Type.Enum(['ordered', 'installing', 'serving', 'settled', 'refused', 'silent', 'stable', 'canary', 'off']),
  code: orNull(Type.String()),
  message: orNull(Type.String()),
});
export type RolloutDevice = Static<typeof RolloutDevice>;

/** How many devices stand alike. */
export const RolloutStanding = Type.Object({
  state: RolloutDevice.properties.state,
  code: RolloutDevice.properties.code,
  devices: count,
});
export type RolloutStanding = Static<typeof RolloutStanding>;

/** `GET /rollouts/:id/devices?after=&limit=&state=`: all of them, by their ids. `next`: the `after` of the next page; null on the last one. */
export const RolloutDevicePage = Type.Object({
  devices: Type.Array(RolloutDevice),
  next: orNull(Type.String()),
});
export type RolloutDevicePage = Static<typeof RolloutDevicePage>;

/** One step, and how far it has come. `share` in percent of the calls. */
export const RolloutStepView = Type.Object({
  ...RolloutStep.properties,
  /** `left`: passed, or gone by. `ended`: the rollout was taken back, ended or superseded in it. */
  state: Type.Enum(['ahead', 'current', 'left', 'ended']),
  /** Devices that it is for: planned while it is ahead, as they are while it is the current one, and as they were at its end. */
  cohortSize: count,
  /** Devices whose canary is up, that failed, and that say nothing: now, or at the step's end. 0 while it is ahead. */
  ready: count,
  failed: count,
  silent: count,
  /** Of the current step: since when its time limit counts, which a resume sets anew. */
  startedAtMs: orNull(time),
  endedAtMs: orNull(time),
});
export type RolloutStepView = Static<typeof RolloutStepView>;

/** What one arm did in this rollout, on the devices that count. `bad` by gating cell; `compute` in microseconds, of the current step. */
export const ArmTotals = Type.Object({
  release: orNull(Type.String()),
  calls: count,
  labelled: count,
  bad: Type.Record(Type.String(), count),
  compute: orNull(WireHistogram),
});
export type ArmTotals = Static<typeof ArmTotals>;

/** A device that cannot take the release. Those that were acknowledged (resume) are out of the failure budget. */
export const RolloutFailure = Type.Object({
  device: Type.String(),
  code: Type.String(),
  message: Type.String(),
  acknowledged: Type.Boolean(),
});
export type RolloutFailure = Static<typeof RolloutFailure>;

export const RolloutView = Type.Object({
  id: Type.String(),
  release: Type.String(),
  to: RolloutTarget,
  createdAtMs: time,
  phase: Type.Enum(rolloutPhases),
  /** `direct`, the name of a preset, or `custom`. */
  policy: Type.String(),
  /** Why it is where it is, in a sentence, and a word for programs: `time-limit`, `harm`, `failure-budget`, `operator` …; null while all is well. */
  reason: orNull(Type.Object({ code: Type.String(), text: Type.String() })),
  /** Who waits for what, in a sentence; null when it has ended. */
  waitsFor: orNull(Type.String()),
  /** Index of the current step; null of a direct rollout. */
  step: orNull(count),
  /** Empty of a direct rollout. */
  steps: Type.Array(RolloutStepView),
  /** Null until the canary has been measured. */
  arms: orNull(Type.Object({ stable: ArmTotals, canary: ArmTotals })),
  /** The newest look at the evidence; of a rollout that has ended, or is taken back, the one that it was decided by. */
  verdict: orNull(Type.Object({ ...Verdict.properties, atMs: time })),
  /**
   * Natural logarithm of the evidence of harm over time and the index of the step, oldest first, at most 480 points; `fail` is at
   * `verdict.logHarmLimit`. It stays when the rollout has ended, as `arms`, `verdict`, `timeline` and the steps' numbers do.
   */
  history: Type.Array(Type.Object({ atMs: time, step: count, logHarm: Type.Number() }), { maxItems: 480 }),
  /** What happened, oldest first: a word for programs (an action, a phase, a reason's code) and a sentence. */
  timeline: Type.Array(Type.Object({ atMs: time, code: Type.String(), text: Type.String() }), { maxItems: 201 }),
  /** At most so many as `devices`; `failed` counts all of them. */
  failures: Type.Array(RolloutFailure, { maxItems: devicesInView }),
  failed: count,
  /** What a person may do now; who may is the route's to say. */
  actions: Type.Array(Type.Enum(rolloutActions)),
  /** Devices that it is for, and how they stand: what there is most of first. */
  deviceCount: count,
  standings: Type.Array(RolloutStanding),
  /** All of them up to `devicesInView`; of more, those first that may need a person: refused, switched off, silent. */
  devices: Type.Array(RolloutDevice, { maxItems: devicesInView }),
});
export type RolloutView = Static<typeof RolloutView>;
export const RolloutList = Type.Object({ rollouts: Type.Array(RolloutView) });
export type RolloutList = Static<typeof RolloutList>;

/** A verdict that is kept, by its number; `step`: index. */
const KeptVerdict = Type.Object({ number: count, atMs: time, step: count, value: Type.String() });
export type KeptVerdict = Static<typeof KeptVerdict>;
/** `GET /rollouts/:id/verdicts`, oldest first. */
export const KeptVerdictList = Type.Object({ verdicts: Type.Array(KeptVerdict) });
export type KeptVerdictList = Static<typeof KeptVerdictList>;

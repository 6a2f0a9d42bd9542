import { hex64Pattern } from '@bellwether/shared/ids';
import { type Static, Type } from '@bellwether/shared/schema';
import { RolloutPolicy } from './policy.js';
import { maxStrata } from './verdict/evidence-policy.js';

const hex128 = Type.String({ pattern: '^[0-9a-f]{32}$' });
const count = Type.Integer({ minimum: 0 });
const time = count;
const names = Type.Array(Type.String({ maxLength: 64 }), { maxItems: maxStrata + 1 });

/** How a step went. The counts are of its end, and 0 until then: while it runs, the devices themselves say more. */
export const StepRecord = Type.Object({
  /** Index. */
  step: Type.Integer({ minimum: 0, maximum: 63 }),
  startedAtMs: time,
  endedAtMs: Type.Union([time, Type.Null()]),
  /** It was passed, or gone by: the rollout did not end in it. */
  isLeft: Type.Boolean(),
  devices: count,
  ready: count,
  failed: count,
  silent: count,
});
export type StepRecord = Static<typeof StepRecord>;

/** How far a rollout in steps has come: all of it that must survive the server. Times are wall milliseconds. */
export const Course = Type.Object({
  version: Type.Literal(1),
  /** The preset's name, or `custom`. */
  preset: Type.String({ maxLength: 40 }),
  policy: RolloutPolicy,
  /** Keys of the cohorts' positions and of the arms' draws: two, because who is exposed must say nothing about which calls are. */
  cohortKey: hex128,
  salt: hex128,
  /** The label that strata are made of, and its values with two devices or more when the rollout was created; `''` is all others. */
  stratifyBy: Type.String({ maxLength: 64 }),
  strata: names,
  /** Index of the current step. */
  step: Type.Integer({ minimum: 0, maximum: 63 }),
  /** Null while the step waits to begin. */
  stepStartedAtMs: Type.Union([time, Type.Null()]),
  /** The highest step that a person has approved; -1: none. */
  approvedStep: Type.Integer({ minimum: -1, maximum: 63 }),
  /** Since when the step has what it needs; its hold counts from here. */
  passedAtMs: Type.Union([time, Type.Null()]),
  /** Strata that passed a step with two arms: a `full` step has none and needs it. */
  provenStrata: names,
  /** Strata that stay on the release before. */
  leftStrata: names,
  /** Aborted, and the devices that have it keep it. */
  isKept: Type.Boolean(),
  /** Of the steps that have begun, in their order. */
  records: Type.Array(StepRecord, { maxItems: 64 }),
  /** Reasons to hold that a person has seen and let be. */
  acknowledged: Type.Array(Type.String({ maxLength: 40 }), { maxItems: 64 }),
});
export type Course = Static<typeof Course>;

/** A device in the cohorts of a rollout. Who is in stays in: cohorts only grow. */
export const Member = Type.Object({
  device: Type.String(),
  /** Of when it came in: a label that changes later moves nobody. */
  stratum: Type.String({ maxLength: 64 }),
  /** The manifest of its stable release: evidence against any other does not count. */
  base: Type.String({ pattern: hex64Pattern }),
  /** Its canary has been ordered; before that it waits for its turn. */
  isOrdered: Type.Boolean(),
  /** The generation of the device's newest order when its turn came: what it said of that or an older one is of before. */
  orderedAfter: Type.Optional(count),
  /** Why its canary was switched off: `single-device`, `interference`, `late`, and at the end `tripped`, `reverted`; null while it is on. */
  off: Type.Union([Type.String({ maxLength: 40 }), Type.Null()]),
  /** The failure that a person has seen, by its code. */
  acknowledged: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
  /** How often it was asked to try again. */
  attempt: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
});
export type Member = Static<typeof Member>;

/** The members by their device's id. */
export type Members = ReadonlyMap<string, Member>;

import { labelPattern } from '@bellwether/shared/ids';
import { type Static, Type } from '@bellwether/shared/schema';
import { EvidencePolicy } from './verdict/evidence-policy.js';

const strict = { additionalProperties: false } as const;
const seconds = (maximum: number) => Type.Integer({ minimum: 0, maximum });
const week = 7 * 86_400;
const filter = Type.Record(Type.String({ pattern: labelPattern }), Type.String({ pattern: labelPattern }), {
  maxProperties: 16,
  additionalProperties: false,
});

/** Which devices a step exposes; cohorts only grow, so a later step has at least those of the one before. */
export const StepCohort = Type.Union([
  Type.Object({ percent: Type.Number({ exclusiveMinimum: 0, maximum: 100 }) }, strict),
  Type.Object({ devices: Type.Integer({ minimum: 1, maximum: 1_000_000 }) }, strict),
]);
export type StepCohort = Static<typeof StepCohort>;

/** One step of a rollout. */
export const RolloutStep = Type.Object(
  {
    cohort: StepCohort,
    /** Only devices with all these labels. */
    filter: Type.Optional(filter),
    mode: Type.Union([Type.Literal('shadow'), Type.Literal('split'), Type.Literal('full')]),
    /** Percent of the calls, in steps of 0.01 (policyProblem() checks it: a float is no multiple of a hundredth); 100 in `full`. */
    share: Type.Number({ minimum: 0, maximum: 100 }),
    /** How long a step that has its evidence still waits. */
    holdSeconds: Type.Optional(seconds(week)),
    /** Canary calls that it needs at least. */
    minCalls: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
    /** After this the rollout is held for a person; never promoted. */
    timeLimitSeconds: Type.Optional(seconds(30 * 86_400)),
    /** A person must say yes before this step begins. */
    approval: Type.Optional(Type.Boolean()),
  },
  strict,
);
export type RolloutStep = Static<typeof RolloutStep>;

/** How a release reaches its devices. YAML or JSON; examples/rollouts/policy.yaml has every field with what holds where it is left out. */
export const RolloutPolicy = Type.Object(
  {
    version: Type.Literal(1),
    steps: Type.Array(RolloutStep, { minItems: 1, maxItems: 64 }),
    /** Devices that install at the same time. */
    maxInFlight: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    /** The first step begins not before and the last not after this; ISO 8601. */
    startWindow: Type.Optional(
      Type.Object(
        {
          notBefore: Type.Optional(Type.String({ maxLength: 40 })),
          notAfter: Type.Optional(Type.String({ maxLength: 40 })),
        },
        strict,
      ),
    ),
    /** Devices only begin an install in these hours; a rollback always goes out. */
    maintenanceWindow: Type.Optional(
      Type.Object(
        {
          cron: Type.String({ maxLength: 100 }),
          timeZone: Type.String({ maxLength: 64 }),
          minutes: Type.Integer({ minimum: 1, maximum: 1440 }),
        },
        strict,
      ),
    ),
    /** Devices that may refuse, revert or trip before the rollout is taken back: a number, percent of those that have answered, and of all; left out: no limit. */
    failureBudget: Type.Optional(
      Type.Object(
        {
          devices: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
          percentOfCompleted: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
          percentOfAll: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
        },
        strict,
      ),
    ),
    /** A device that says nothing for this long is silent; `wait`: the step waits for it, `skip`: it goes on without it, `fail`: it counts as a failure. */
    silent: Type.Optional(
      Type.Object(
        {
          afterSeconds: Type.Integer({ minimum: 10, maximum: week }),
          counts: Type.Union([Type.Literal('wait'), Type.Literal('skip'), Type.Literal('fail')]),
        },
        strict,
      ),
    ),
    /** Devices that join meanwhile: `stable` stay on it until the rollout is done, `cohort` take their place in the cohorts. */
    joiners: Type.Optional(Type.Union([Type.Literal('stable'), Type.Literal('cohort')])),
    evidence: Type.Optional(EvidencePolicy),
    /** Seconds that a canary lives without word from the server [T-5]. */
    leaseSeconds: Type.Optional(Type.Integer({ minimum: 60, maximum: week })),
  },
  strict,
);
export type RolloutPolicy = Static<typeof RolloutPolicy>;

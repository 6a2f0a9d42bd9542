import { type Static, Type } from '@bellwether/shared/schema';

const count = Type.Integer({ minimum: 0 });
const secondsOrNull = Type.Union([Type.Number(), Type.Null()]);

/** One step of a rollout that is not yet one. `seconds`: until it has its evidence and its hold is over; null: no call has come in the last minute. */
const StepPreview = Type.Object({
  mode: Type.String(),
  /** Percent of the calls. */
  share: Type.Number(),
  devices: count,
  approval: Type.Boolean(),
  /** How long the step waits when it has its evidence. */
  holdSeconds: count,
  /** `calls`: of the canary, that the stratum needs while nothing is wrong; `callsPerSecond`: of the canary, at the traffic of now. */
  strata: Type.Array(
    Type.Object({
      stratum: Type.String(),
      devices: count,
      calls: count,
      callsPerSecond: Type.Number(),
      seconds: secondsOrNull,
    }),
  ),
  seconds: secondsOrNull,
});

/** `POST /rollouts/preview`: what would become of a request; nothing is stored. */
export const RolloutPreview = Type.Object({
  release: Type.String(),
  policy: Type.String(),
  devices: count,
  online: count,
  /** Devices that will not run it, or not at once, and why. */
  cannot: Type.Array(Type.Object({ device: Type.String(), why: Type.String() })),
  bytesPerDevice: count,
  /** Of all devices that do not have it yet. */
  bytes: count,
  /** What to know of the policy before one begins, in sentences. */
  notes: Type.Array(Type.String()),
  /** Empty of a direct rollout. */
  steps: Type.Array(StepPreview),
  seconds: secondsOrNull,
});
export type RolloutPreview = Static<typeof RolloutPreview>;

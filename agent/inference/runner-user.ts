import { type Static, Type } from '@bellwether/shared/schema';

const id = Type.Integer({ minimum: 1, maximum: 2 ** 32 - 2 });

/** Who a runner becomes, for ever, before onnxruntime sees a model's bytes; never root. Such a runner has no network either. */
export const RunnerUser = Type.Object(
  { uid: id, gid: id },
  { additionalProperties: false, description: 'who runners become, without a network; the agent must start as root' },
);
export type RunnerUser = Static<typeof RunnerUser>;

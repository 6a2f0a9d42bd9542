import { OrderedRelease } from '@bellwether/shared/contract/order';
import { modelNamePattern } from '@bellwether/shared/ids';
import { type Static, Type } from '@bellwether/shared/schema';

const decided = {
  by: Type.String(),
  why: Type.Union([Type.String(), Type.Null()]),
  atMs: Type.Integer({ minimum: 0 }),
};

/**
 * What a person has decided about a device, whatever rollouts say. `pinned`: one model stays at a release. `excluded`: no
 * rollout touches it, every model stays where it was; what it has shown still counts. `quarantined`: the same, and nothing
 * that it says or has said is evidence.
 */
export const DeviceHold = Type.Union([
  Type.Object({
    kind: Type.Literal('pinned'),
    model: Type.String({ pattern: modelNamePattern }),
    ...OrderedRelease.properties,
    ...decided,
  }),
  Type.Object({
    kind: Type.Union([Type.Literal('excluded'), Type.Literal('quarantined')]),
    /** What it was ordered to serve then. */
    models: Type.Record(Type.String({ pattern: modelNamePattern }), OrderedRelease),
    ...decided,
  }),
]);
export type DeviceHold = Static<typeof DeviceHold>;

/** Which hold is replaced by another: a pin by one of its model, the two others by each other. */
export function holdKey(hold: DeviceHold): string {
  return hold.kind === 'pinned' ? hold.model : '';
}

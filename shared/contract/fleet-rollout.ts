import { modelNamePattern, versionPattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { decodeDocument } from './decode.js';
import { rolloutIdPattern } from './evidence-window.js';

/** Largest message about a rollout, in bytes. */
export const maxFleetRolloutBytes = 16 * 1024;

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const word = Type.String({ pattern: '^[a-z0-9-]{1,40}$' });
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

/**
 * Where a rollout is, on `bw/v1/fleet/rollouts/<id>` [W-2]: sent when it has changed, at most once a second, and retained
 * until a week after it ended. Readers ignore unknown fields and bear words that they do not know.
 */
export const FleetRollout = Type.Object({
  version: Type.Literal(1),
  id: Type.String({ pattern: rolloutIdPattern }),
  model: Type.String({ pattern: modelNamePattern }),
  /** The version that it brings. */
  releaseVersion: Type.String({ pattern: versionPattern }),
  /** `direct`, the name of a preset, or `custom`. */
  policy: Type.String({ maxLength: 40 }),
  /** `rolling`, `waiting`, `paused`, `held`, `rolling-back`, `rolled-back`, `aborted`, `done`, `superseded`. */
  phase: word,
  /** Why it is there; null while all is well. */
  reason: orNull(Type.Object({ code: Type.String({ maxLength: 64 }), text: Type.String({ maxLength: 2000 }) })),
  /** The current step, from 1; `sharePct`: of the calls on a device. Null of a direct rollout. */
  step: orNull(
    Type.Object({ number: count, of: count, mode: word, sharePct: Type.Number({ minimum: 0, maximum: 100 }) }),
  ),
  /** `pass`, `fail`, `inconclusive` or `error`: the newest look at the evidence. */
  verdict: orNull(Type.Object({ value: word, atMs: count })),
  /** Devices that it is for, and by where they stand. */
  devices: count,
  standings: Type.Record(Type.String({ pattern: '^[a-z0-9-]{1,40}$' }), count, { additionalProperties: false }),
  createdAtMs: count,
  /** When something happened to it last. */
  changedAtMs: count,
  /** Null while it goes on by itself or waits for a person. */
  endedAtMs: orNull(count),
});
export type FleetRollout = Static<typeof FleetRollout>;

const compiled = Compile(FleetRollout);

/** Reads a message about a rollout; throws DecodeError. */
export function decodeFleetRollout(bytes: Uint8Array): FleetRollout {
  return decodeDocument(compiled, bytes, { what: 'rollout', maxBytes: maxFleetRolloutBytes, isUnsigned: true });
}

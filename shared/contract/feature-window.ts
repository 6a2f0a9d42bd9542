import { hex64Pattern, modelNamePattern, versionPattern } from '../ids.js';
import { maxReferenceEdges, maxReferenceFeatures } from '../models/reference.js';
import { type Static, Type } from '../schema.js';

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/**
 * How often each watched value of one arm fell into each bin of its release's reference [A-10, W-3], counted since the
 * last such counts of the same run: every tenth window has them. They add up in any order.
 */
export const FeatureWindow = Type.Object({
  model: Type.String({ pattern: modelNamePattern }),
  arm: Type.Union([Type.Literal('stable'), Type.Literal('canary')]),
  version: Type.String({ pattern: versionPattern }),
  manifest: Type.String({ pattern: hex64Pattern }),
  /** Monotonic milliseconds since the agent started: where the counting began. It ends with the window. */
  sinceMs: count,
  /** Rows that were looked at; fewer than were answered where the governor shed some. */
  rows: count,
  /**
   * In the order of the reference's features: a count per bin, and a last one of what was not finite. Bins as in
   * reference.ts. A feature that was not seen, because this device does not watch it or it was shed, is an empty array; one that
   * was shed for a while has fewer rows.
   */
  features: Type.Array(Type.Array(count, { maxItems: maxReferenceEdges + 2 }), { maxItems: maxReferenceFeatures }),
});
export type FeatureWindow = Static<typeof FeatureWindow>;

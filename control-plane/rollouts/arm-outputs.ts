import type { ArmWindow } from '@bellwether/shared/contract/window';
import { confidenceBins } from '@bellwether/shared/contract/window';
import { addCounts } from '@bellwether/shared/evidence/counters';
import { mergeInto } from '@bellwether/shared/evidence/histogram';
import { decodeHistogram, encodeHistogram, WireHistogram } from '@bellwether/shared/evidence/histogram-wire';
import { maxClasses } from '@bellwether/shared/models/manifest';
import { type Static, Type } from '@bellwether/shared/schema';

const counts = (maxItems: number) => Type.Array(Type.Integer({ minimum: 0 }), { maxItems });

/** What one arm answered in a stretch of a rollout: classes, confidence, and how long it computed. They add up. */
export const ArmOutputs = Type.Object({
  classes: counts(maxClasses),
  confidence: counts(confidenceBins),
  compute: WireHistogram,
});
export type ArmOutputs = Static<typeof ArmOutputs>;

/**
 * One window's part. `isEachDrawn`: each call was drawn by itself. All calls of an assignment key are answered by one arm, so
 * that what they say is the key's and not the arm's: then classes and confidence compare nothing.
 */
export function outputsOf({ classes, confidence, compute }: ArmWindow, isEachDrawn: boolean): ArmOutputs {
  return isEachDrawn ? { classes, confidence, compute } : { classes: [], confidence: [], compute };
}

/** Both added up; undefined counts as nothing. */
export function addOutputs(a: ArmOutputs | undefined, b: ArmOutputs | undefined): ArmOutputs | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const compute = decodeHistogram(a.compute);
  mergeInto(compute, decodeHistogram(b.compute));
  return {
    classes: added(a.classes, b.classes),
    confidence: added(a.confidence, b.confidence),
    compute: encodeHistogram(compute),
  };
}

function added(a: readonly number[], b: readonly number[]): number[] {
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) => addCounts(a[i] ?? 0, b[i] ?? 0));
}

import { formatReleaseId } from '@bellwether/shared/ids';
import type { VerifiedModel } from '../installs/verified-model.js';
import type { Tensor } from './engine.js';
import { type Reading, readAnswer } from './interpretation.js';
import type { LaneAnswer } from './model-lane.js';
import type { ObservedArm } from './observer.js';

/** What an answer counts for: whoever tells its truth later speaks of this. */
export interface ServedEvidence {
  readonly arm: ObservedArm;
  readonly reading: Reading;
  /** Names of the classes; empty when the manifest has none. */
  readonly labels: readonly string[];
  /** Of a call that the shadow runs too: its answer, once it is there. */
  readonly shadow?: ShadowAnswer;
}

/** Where a shadow's answer is put; nobody waits for it. */
export interface ShadowAnswer {
  found: { readonly arm: ObservedArm; readonly reading: Reading } | undefined;
}

/** Why stable answered a call that was the canary's. */
export type FallbackReason = 'engine' | 'late' | 'invalid';

/** An answer, and which release gave it in which arm. */
export interface Served {
  readonly outputs: readonly Tensor[];
  readonly computeMicros: number;
  /** Of the runner that answered. */
  readonly arm: 'stable' | 'canary';
  readonly fallback?: FallbackReason;
  /** `digits@1.1.0`. */
  readonly release: string;
  readonly version: string;
  /** SHA-256 of the manifest. */
  readonly manifest: string;
  /** The manifest digest's first 16 digits. */
  readonly lineageId: string;
  /** Undefined when the app named the version: such a call is no evidence. */
  readonly evidence: ServedEvidence | undefined;
}

/** In which arm and segment a release was asked, and by which key it was drawn. */
export function observedArm(
  { manifest, manifestSha256 }: VerifiedModel,
  { arm, segment, key }: Pick<ObservedArm, 'arm' | 'segment'> & { readonly key?: string | undefined },
): ObservedArm {
  const release = { model: manifest.model, version: manifest.version, manifest: manifestSha256 };
  return { ...release, arm, segment, ...(key === undefined ? {} : { key }) };
}

/** What an answer says, in its arm. */
export function evidenceOf({ release, outputs }: LaneAnswer, arm: ObservedArm): ServedEvidence {
  const { interpretation } = release.manifest;
  return { arm, reading: readAnswer(interpretation, outputs), labels: interpretation?.labels ?? [] };
}

/** The answer as the application gets it. */
export function servedBy(
  { release, outputs, computeMicros }: LaneAnswer,
  by: Pick<Served, 'arm' | 'fallback' | 'evidence'>,
): Served {
  const { manifest, manifestSha256 } = release;
  return {
    outputs,
    computeMicros,
    release: formatReleaseId(manifest),
    version: manifest.version,
    manifest: manifestSha256,
    lineageId: manifestSha256.slice(0, 16),
    ...by,
  };
}

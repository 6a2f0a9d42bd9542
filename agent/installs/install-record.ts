import { installPhases } from '@bellwether/shared/contract/report';
import { hex64Pattern, modelNamePattern, versionPattern } from '@bellwether/shared/ids';
import { type Static, Type } from '@bellwether/shared/schema';

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** One release, as orders, installs and runners name it: `manifest` is the SHA-256 of its manifest. */
export interface ReleaseRef {
  readonly model: string;
  readonly version: string;
  readonly manifest: string;
}

/** Why a release was refused or reverted, and under which entry of an order (see orderEntry). */
const Verdict = Type.Object({
  code: Type.String({ maxLength: 64 }),
  message: Type.String({ maxLength: 1000 }),
  order: Type.String({ pattern: hex64Pattern }),
  atMs: count,
});

/** What the device remembers of one release: its phase, and what the answers after a crash or a retry need. */
export const InstallRecord = Type.Object({
  model: Type.String({ pattern: modelNamePattern }),
  version: Type.String({ pattern: versionPattern }),
  manifest: Type.String({ pattern: hex64Pattern }),
  phase: Type.Enum(installPhases),
  /** Wall clock at which the phase was entered; for people, never compared. */
  sinceMs: count,
  /** Times the agent went down, unasked, while this release was being probed; 0 again once it was probed to the end. */
  crashes: count,
  /** Runner deaths in this probation. */
  deaths: count,
  /** What it has behind it in this probation, so that a restart of the agent does not begin it anew. */
  probation: Type.Optional(Type.Object({ servedMs: count, calls: count })),
  /** As canary: deaths under one entry of an order, and whether its first minute with calls is on. */
  canary: Type.Optional(
    Type.Object({ order: Type.String({ pattern: hex64Pattern }), deaths: count, isFresh: Type.Boolean() }),
  ),
  /** The how-manyth swap on this device brought it in last; 0: it never served. Clock jumps cannot reorder it. */
  servedOrdinal: count,
  /** The last refusal or revert; null once it is being tried again. */
  verdict: Type.Union([Type.Null(), Verdict]),
});
export type InstallRecord = Readonly<Static<typeof InstallRecord>>;

/** True when both mean the same bytes. */
export function isSameRelease(a: ReleaseRef, b: ReleaseRef): boolean {
  return a.model === b.model && a.version === b.version && a.manifest === b.manifest;
}

/** The part of a record, or of anything like it, that names the release. */
export function releaseRefOf({ model, version, manifest }: ReleaseRef): ReleaseRef {
  return { model, version, manifest };
}

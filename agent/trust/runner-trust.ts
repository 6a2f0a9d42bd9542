import { type Static, Type } from '@bellwether/shared/schema';

const version = Type.Integer({ minimum: 0 });

/**
 * What a runner is told, so that it can check a release by itself, from the pinned root down to the bytes it loads
 * [T-3b]. Everything else it reads from disk.
 */
export const RunnerTrust = Type.Object({
  /** Folder of verified TUF metadata: `<n>.root.json` from the pinned one up, `targets.json`, `staging-<family>.json`, `production-<family>.json`. */
  metadataFolder: Type.String(),
  /** SHA-256 of the pinned root's bytes, and its version. */
  rootSha256: Type.String(),
  rootVersion: version,
  stage: Type.Union([Type.Literal('staging'), Type.Literal('production')]),
  /** The local configuration lets development roots in. */
  allowDevelopment: Type.Boolean(),
  /** Lowest versions that may be believed [T-7]. */
  floors: Type.Object({ root: version, targets: version, roles: Type.Record(Type.String(), version) }),
});
export type RunnerTrust = Static<typeof RunnerTrust>;

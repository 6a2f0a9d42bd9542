import { hex64Pattern, modelNamePattern, versionPattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { decodeDocument } from './decode.js';

/** Largest message about a model's releases, in bytes. */
export const maxFleetReleasesBytes = 64 * 1024;
/** Releases that it tells of at most: those that serve somewhere, and the newest. */
export const maxFleetReleases = 64;

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/**
 * The releases of a model, on `bw/v1/fleet/releases/<model>` [W-2]: sent when one was listed or withdrawn or serves on
 * more or fewer devices, at most once a second, and retained. Readers ignore unknown fields.
 */
export const FleetReleases = Type.Object({
  version: Type.Literal(1),
  model: Type.String({ pattern: modelNamePattern }),
  releases: Type.Array(
    Type.Object({
      version: Type.String({ pattern: versionPattern }),
      manifest: Type.String({ pattern: hex64Pattern }),
      /** Listed for this stage. */
      staging: Type.Boolean(),
      production: Type.Boolean(),
      /** The tombstone's reason; null while there is none [T-9]. */
      withdrawn: Type.Union([Type.String({ maxLength: 1000 }), Type.Null()]),
      /** Devices that say they serve it. */
      devicesServing: count,
    }),
    { maxItems: maxFleetReleases },
  ),
});
export type FleetReleases = Static<typeof FleetReleases>;

const compiled = Compile(FleetReleases);

/** Reads a message about a model's releases; throws DecodeError. */
export function decodeFleetReleases(bytes: Uint8Array): FleetReleases {
  return decodeDocument(compiled, bytes, { what: 'releases', maxBytes: maxFleetReleasesBytes, isUnsigned: true });
}

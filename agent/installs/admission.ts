import { DecodeError } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { messageOf } from '@bellwether/shared/errors';
import { formatReleaseId } from '@bellwether/shared/ids';
import { apiDifferences } from '@bellwether/shared/models/compatibility';
import { dataTypes, decodeManifest, type Manifest, maxManifestBytes } from '@bellwether/shared/models/manifest';
import { Compile, Type } from '@bellwether/shared/schema';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { Listing } from '../trust/device-trust.js';
import { AdmissionRefusal } from '../trust/refusal.js';
import type { ReleaseRef } from './install-record.js';
import type { VerifiedModel } from './verified-model.js';

/**
 * Admission of a release [T-6]: size, digest, schema, identity, API, dtypes, budgets, and at last the bytes of every
 * file; each refusal with its own code. Only what went through all of it is a VerifiedModel, and no flag skips a check.
 */

declare const admitted: unique symbol;

/** A manifest that this device may install; its files are not looked at yet. Only `admitManifest` makes one. */
export interface AdmittedManifest {
  readonly [admitted]: true;
  readonly manifest: Manifest;
  readonly manifestSha256: string;
}

/** What a manifest is held against. */
export interface ManifestCase {
  /** What the order names. */
  readonly ordered: ReleaseRef;
  /** What the verified metadata lists for this stage. */
  readonly listing: Listing;
  readonly bytes: Uint8Array;
  /** The manifest of what serves under this model's name, if anything does: its API must stay. */
  readonly serving: Manifest | null;
}

/** Throws AdmissionRefusal `not-listed`, `manifest-size`, `manifest-digest`, `manifest-schema`, `manifest-identity`, `incompatible` or `dtype`. */
export function admitManifest({ ordered, listing, bytes, serving }: ManifestCase): AdmittedManifest {
  const release = formatReleaseId(ordered);
  admitListing(ordered, listing);
  if (bytes.byteLength !== listing.bytes) {
    throw new AdmissionRefusal(
      'manifest-size',
      `the manifest of ${release} has ${bytes.byteLength} bytes, ${listing.bytes} are listed`,
    );
  }
  const digest = sha256(bytes);
  if (digest !== listing.sha256) {
    throw new AdmissionRefusal(
      'manifest-digest',
      `the manifest of ${release} is ${digest}, ${listing.sha256} is listed`,
    );
  }
  const manifest = readManifest(bytes, release);
  if (manifest.model !== ordered.model || manifest.version !== ordered.version) {
    throw new AdmissionRefusal('manifest-identity', `${release} names itself ${formatReleaseId(manifest)}`);
  }
  const differences = serving === null ? [] : apiDifferences(serving, manifest);
  if (serving !== null && differences.length > 0) {
    throw new AdmissionRefusal(
      'incompatible',
      `${release} cannot take the place of ${formatReleaseId(serving)}: ${differences.slice(0, 5).join('; ')}`,
    );
  }
  // The brand of this file.
  return { manifest, manifestSha256: digest } as AdmittedManifest;
}

/**
 * Before anything is fetched: throws AdmissionRefusal `not-listed` when the order means other bytes than the metadata
 * lists, since two authorities must agree [T-1], and `manifest-size` when the listed manifest is larger than any may be.
 */
export function admitListing(ordered: ReleaseRef, listing: Listing): void {
  const release = formatReleaseId(ordered);
  if (listing.model !== ordered.model || listing.version !== ordered.version || listing.sha256 !== ordered.manifest) {
    const listed = `${formatReleaseId(listing)} with the manifest ${listing.sha256}`;
    throw new AdmissionRefusal('not-listed', `${release} is ordered with ${ordered.manifest}, but listed is ${listed}`);
  }
  if (listing.bytes > maxManifestBytes) {
    const message = `the manifest of ${release} is listed with ${listing.bytes} bytes, more than ${maxManifestBytes}`;
    throw new AdmissionRefusal('manifest-size', message);
  }
}

/** What the device has to give, and what the release still needs of it. */
export interface BudgetCase {
  /** Bytes of the release that are not on disk yet. */
  readonly missingBytes: number;
  readonly diskFreeBytes: number;
  /** Disk that installs leave alone. */
  readonly diskReserveBytes: number;
  readonly memoryAvailableBytes: number;
  /** The most that one runner may be promised, by local configuration. */
  readonly memoryLimitMb: number;
}

/** Throws AdmissionRefusal `disk` or `memory`. The runner's real use is held to the budget when it is probed. */
export function admitBudgets({ manifest }: AdmittedManifest, budget: BudgetCase): void {
  const release = formatReleaseId(manifest);
  const usableBytes = budget.diskFreeBytes - budget.diskReserveBytes;
  if (budget.missingBytes > usableBytes) {
    throw new AdmissionRefusal(
      'disk',
      `${release} needs ${budget.missingBytes} more bytes; ${budget.diskFreeBytes} are free, ${budget.diskReserveBytes} of them reserved`,
    );
  }
  const memoryMb = manifest.budgets.memoryMb;
  if (memoryMb > budget.memoryLimitMb) {
    throw new AdmissionRefusal(
      'memory',
      `${release} may use ${memoryMb} MB; the limit here is ${budget.memoryLimitMb}`,
    );
  }
  if (memoryMb * 1024 ** 2 > budget.memoryAvailableBytes) {
    const availableMb = Math.floor(budget.memoryAvailableBytes / 1024 ** 2);
    throw new AdmissionRefusal('memory', `${release} may use ${memoryMb} MB; ${availableMb} are available`);
  }
}

/** A runner may take twice its budget before it is ended (see engine-process): beside another one it must find that for good. */
const besideFactor = 2;

/** Throws AdmissionRefusal `memory` when a release has no room beside what serves. `floorBytes`: what must be left then, or it would be the first to go. */
export function admitBeside(
  { manifest }: AdmittedManifest,
  { memoryAvailableBytes, floorBytes }: { readonly memoryAvailableBytes: number; readonly floorBytes: number },
): void {
  const neededMb = besideFactor * manifest.budgets.memoryMb;
  if (neededMb * 1024 ** 2 + floorBytes <= memoryAvailableBytes) return;
  const floorMb = Math.floor(floorBytes / 1024 ** 2);
  const availableMb = Math.floor(memoryAvailableBytes / 1024 ** 2);
  const message = `${formatReleaseId(manifest)} beside what serves may take ${neededMb} MB and must leave ${floorMb} MB; ${availableMb} are available`;
  throw new AdmissionRefusal('memory', message);
}

/** A file as it was read back from disk, byte for byte. */
export interface MeasuredFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** The last check of the main process, and the only maker of VerifiedModel. `measured` is by file name. Throws AdmissionRefusal `blob-size` or `blob-digest`. */
export function admitFiles(
  { manifest, manifestSha256 }: AdmittedManifest,
  measured: ReadonlyMap<string, MeasuredFile>,
  blobFolder: string,
): VerifiedModel {
  for (const [name, signed] of Object.entries(manifest.files)) {
    const file = measured.get(name);
    const what = `${name} of ${formatReleaseId(manifest)}`;
    if (file?.bytes !== signed.bytes) {
      throw new AdmissionRefusal('blob-size', `${what} has ${file?.bytes ?? 'no'} bytes, ${signed.bytes} are signed`);
    }
    if (file.sha256 !== signed.sha256) {
      throw new AdmissionRefusal('blob-digest', `${what} is ${file.sha256}, ${signed.sha256} is signed`);
    }
  }
  // The brand of this file.
  return { manifest, manifestSha256, blobFolder } as VerifiedModel;
}

const tensorTypes = Type.Array(Type.Object({ dtype: Type.String() }));
const typed = Compile(Type.Object({ inputs: tensorTypes, outputs: tensorTypes }));
const admittedTypes: ReadonlySet<string> = new Set(dataTypes);

/** A dtype that we do not know has its own code: it may be a sound manifest for another runtime. */
function readManifest(bytes: Uint8Array, release: string): Manifest {
  try {
    return decodeManifest(bytes);
  } catch (cause) {
    const dtype = cause instanceof DecodeError && cause.code === 'schema' ? foreignType(bytes) : undefined;
    if (dtype === undefined) {
      throw new AdmissionRefusal('manifest-schema', `${release}: ${messageOf(cause)}`, { cause });
    }
    const message = `${release} has a tensor of ${dtype}; admitted are ${dataTypes.join(', ')}`;
    throw new AdmissionRefusal('dtype', message, { cause });
  }
}

function foreignType(bytes: Uint8Array): string | undefined {
  const value = parseStrictJson(bytes);
  if (!typed.Check(value)) return undefined;
  return [...value.inputs, ...value.outputs].map(({ dtype }) => dtype).find((dtype) => !admittedTypes.has(dtype));
}

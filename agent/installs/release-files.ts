import type { Log } from '@bellwether/shared/log';
import { type AdmittedManifest, admitBudgets, admitFiles, type MeasuredFile } from './admission.js';
import type { Artifacts } from './artifacts.js';
import type { Blobs } from './blobs.js';
import type { ReleaseRef } from './install-record.js';
import { makeRoom } from './make-room.js';
import type { VerifiedModel } from './verified-model.js';

/** What local configuration leaves to installs. */
export interface InstallLimits {
  readonly diskReserveBytes: number;
  /** The most that one runner may be promised. */
  readonly memoryMb: number;
  /** Memory that stays available on the device while a canary runs beside what serves; 0: none. */
  readonly canaryFloorBytes: number;
}

export interface ReleaseFilesParts {
  readonly blobs: Blobs;
  readonly artifacts: Artifacts;
  readonly limits: InstallLimits;
  /** Memory that a new runner could get now, in bytes. */
  readonly availableMemory: () => number;
  /** Releases whose blobs stay when disk is short. */
  readonly keptReleases: () => readonly ReleaseRef[];
  /** Bytes fetched of bytes needed, while a release downloads. */
  readonly onProgress: (release: ReleaseRef, bytes: number, totalBytes: number) => void;
  readonly log: Log;
}

/** The files of one release, from the artefact plane to bytes that were hashed here. */
export class ReleaseFiles {
  readonly #parts: ReleaseFilesParts;

  constructor(parts: ReleaseFilesParts) {
    this.#parts = parts;
  }

  /** Fetches what is not here, within the budgets; answers what was measured on its way, by digest. Throws AdmissionRefusal. */
  async fetchMissing(
    release: ReleaseRef,
    admitted: AdmittedManifest,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, MeasuredFile>> {
    const { artifacts, onProgress } = this.#parts;
    const missing = await this.#missing(admitted);
    await this.#admitBudgets(admitted, missing);
    const totalBytes = missing.reduce((sum, file) => sum + file.bytes, 0);
    const fetched = new Map<string, MeasuredFile>();
    let done = 0;
    for (const file of missing) {
      const before = done;
      const tell = (bytes: number): void => onProgress(release, before + bytes, totalBytes);
      fetched.set(file.sha256, await artifacts.fetch({ kind: 'blob', ...file }, signal, tell));
      done += file.bytes;
    }
    return fetched;
  }

  /** Blobs that lay here before are read and hashed; one that has rotted is fetched again, once. Throws AdmissionRefusal. */
  async verify(
    admitted: AdmittedManifest,
    fetched: ReadonlyMap<string, MeasuredFile>,
    signal: AbortSignal,
  ): Promise<VerifiedModel> {
    const { blobs, artifacts } = this.#parts;
    const measured = new Map<string, MeasuredFile>();
    for (const [name, file] of Object.entries(admitted.manifest.files)) {
      const here = fetched.get(file.sha256) ?? (await blobs.measure(file.sha256, signal));
      if (here?.sha256 === file.sha256) {
        measured.set(name, here);
        continue;
      }
      await blobs.remove(file.sha256);
      measured.set(name, await artifacts.fetch({ kind: 'blob', ...file }, signal, () => {}));
    }
    return admitFiles(admitted, measured, blobs.folder);
  }

  /** As `verify`, from what lies here alone: for a start without a network. Throws AdmissionRefusal. */
  async measure(admitted: AdmittedManifest, signal: AbortSignal): Promise<VerifiedModel> {
    const { blobs } = this.#parts;
    const measured = new Map<string, MeasuredFile>();
    for (const [name, { sha256 }] of Object.entries(admitted.manifest.files)) {
      const file = await blobs.measure(sha256, signal);
      if (file !== undefined) measured.set(name, file);
    }
    return admitFiles(admitted, measured, blobs.folder);
  }

  async #missing({ manifest }: AdmittedManifest): Promise<readonly MeasuredFile[]> {
    const unique = new Map(Object.values(manifest.files).map((file) => [file.sha256, file]));
    const missing: MeasuredFile[] = [];
    for (const file of unique.values()) {
      if ((await this.#parts.blobs.sizeOf(file.sha256)) !== file.bytes) missing.push(file);
    }
    return missing;
  }

  async #admitBudgets(admitted: AdmittedManifest, missing: readonly MeasuredFile[]): Promise<void> {
    const { blobs, limits, availableMemory, keptReleases, log } = this.#parts;
    let missingBytes = 0;
    for (const file of missing) missingBytes += Math.max(0, file.bytes - (await blobs.partSizeOf(file.sha256)));
    await makeRoom(blobs, log, { kept: keptReleases(), neededBytes: missingBytes + limits.diskReserveBytes });
    const { freeBytes } = await blobs.space();
    admitBudgets(admitted, {
      missingBytes,
      diskFreeBytes: freeBytes,
      diskReserveBytes: limits.diskReserveBytes,
      memoryAvailableBytes: availableMemory(),
      memoryLimitMb: limits.memoryMb,
    });
  }
}

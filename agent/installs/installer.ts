import type { Clock } from '@bellwether/shared/clock';
import { decodeManifest, type Manifest, maxManifestBytes } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { Engine, Runner } from '../inference/engine.js';
import type { DeviceTrust, Listing } from '../trust/device-trust.js';
import { AdmissionRefusal } from '../trust/refusal.js';
import { type AdmittedManifest, admitBeside, admitListing, admitManifest } from './admission.js';
import type { ReleaseRef } from './install-record.js';
import type { Ledger } from './ledger.js';
import { ReleaseFiles, type ReleaseFilesParts } from './release-files.js';

export interface InstallerParts extends ReleaseFilesParts {
  readonly trust: DeviceTrust;
  readonly ledger: Ledger;
  readonly engine: Engine;
  /** The manifest of the live runner of a model. */
  readonly servingManifest: (model: string) => Manifest | null;
  /** Devices that got the same order at the same moment spread their first download over this long. */
  readonly startSpreadMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Brings one release from its listing to a standby runner. Everything that runs stays as it is. */
export class Installer {
  readonly #parts: InstallerParts;
  readonly #files: ReleaseFiles;

  constructor(parts: InstallerParts) {
    this.#parts = parts;
    this.#files = new ReleaseFiles(parts);
  }

  /** A standby runner of an ordered release, each phase on disk before it is worked on. `isBeside`: it stays beside what serves. Rejects with AdmissionRefusal. */
  async install(release: ReleaseRef, signal: AbortSignal, isBeside = false): Promise<Runner> {
    const { ledger, engine, trust } = this.#parts;
    await ledger.begin(release);
    const listing = await this.#list(release, signal);
    const admitted = await this.#admit(release, listing, signal);
    if (isBeside) this.#admitBeside(admitted);
    const fetched = await this.#files.fetchMissing(release, admitted, signal);
    await ledger.record(release, { type: 'fetched' });
    const verified = await this.#files.verify(admitted, fetched, signal);
    await ledger.record(release, { type: 'verified' });
    const runner = await engine.start(verified, trust.runnerTrust(), signal, this.#isUrgent(release));
    try {
      await ledger.record(release, { type: 'probed' });
    } catch (error) {
      await runner.stop();
      throw error;
    }
    return runner;
  }

  /**
   * Starts a runner for a release that was installed here before: no network, no expiry judged, every other check again
   * [T-8]. Rejects with AdmissionRefusal.
   */
  async restore(release: ReleaseRef, signal: AbortSignal, isBeside = false): Promise<Runner> {
    const { trust, blobs, engine, servingManifest } = this.#parts;
    const listing = trust.find(release.model, release.version);
    admitListing(release, listing);
    const bytes = await blobs.read(listing.sha256, maxManifestBytes);
    const serving = servingManifest(release.model);
    const admitted = admitManifest({ ordered: release, listing, bytes: bytes ?? new Uint8Array(), serving });
    if (isBeside) this.#admitBeside(admitted);
    const verified = await this.#files.measure(admitted, signal);
    return engine.start(verified, trust.runnerTrust(), signal, this.#isUrgent(release));
  }

  /** Calls of its model wait: nothing else answers them. */
  #isUrgent({ model }: ReleaseRef): boolean {
    return this.#parts.servingManifest(model) === null;
  }

  #admitBeside(admitted: AdmittedManifest): void {
    const { availableMemory, limits } = this.#parts;
    admitBeside(admitted, { memoryAvailableBytes: availableMemory(), floorBytes: limits.canaryFloorBytes });
  }

  /** Fresh metadata first [T-8]; what it does not list may be newer than it, so it is refreshed once more for that. */
  async #list(release: ReleaseRef, signal: AbortSignal): Promise<Listing> {
    const { trust } = this.#parts;
    const isStale = !trust.isFresh();
    if (isStale) await trust.refresh(signal);
    try {
      return trust.find(release.model, release.version);
    } catch (error) {
      if (isStale || !(error instanceof AdmissionRefusal) || error.code !== 'not-listed') throw error;
    }
    await trust.refresh(signal);
    return trust.find(release.model, release.version);
  }

  async #admit(release: ReleaseRef, listing: Listing, signal: AbortSignal): Promise<AdmittedManifest> {
    const { blobs, artifacts, clock, random, startSpreadMs } = this.#parts;
    admitListing(release, listing);
    let bytes = await blobs.read(listing.sha256, maxManifestBytes);
    if (bytes === undefined || sha256(bytes) !== listing.sha256) {
      await blobs.remove(listing.sha256);
      if (startSpreadMs > 0) await clock.sleep(random() * startSpreadMs, signal);
      signal.throwIfAborted();
      const wanted = { kind: 'manifest', sha256: listing.sha256, bytes: listing.bytes } as const;
      await artifacts.fetch(wanted, signal, () => {});
      bytes = await blobs.read(listing.sha256, maxManifestBytes);
    }
    const serving = await this.#currentManifest(release.model);
    return admitManifest({ ordered: release, listing, bytes: bytes ?? new Uint8Array(), serving });
  }

  /** The API that apps know: of what serves, or of what served last when nothing does. */
  async #currentManifest(model: string): Promise<Manifest | null> {
    const { servingManifest, ledger, blobs } = this.#parts;
    const serving = servingManifest(model);
    if (serving !== null) return serving;
    const last = ledger
      .records()
      .filter((record) => record.model === model && (record.phase === 'serving' || record.phase === 'settled'))
      .toSorted((a, b) => b.servedOrdinal - a.servedOrdinal)[0];
    const bytes = last === undefined ? undefined : await blobs.read(last.manifest, maxManifestBytes);
    return bytes === undefined || sha256(bytes) !== last?.manifest ? null : decodeManifest(bytes);
  }
}

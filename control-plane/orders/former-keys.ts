import type { Log } from '@bellwether/shared/log';
import type { Catalog } from '../catalog/catalog.js';
import type { Device } from '../fleet/device.js';

/** The keys whose former ones still sign beside them. */
export interface RotatingKeys {
  readonly isRotating: boolean;
  retire(): Promise<void>;
}

interface FormerKeyParts {
  readonly keys: RotatingKeys;
  readonly catalog: Pick<Catalog, 'versions'>;
  readonly devices: () => readonly Pick<Device, 'presence' | 'report'>[];
  /** The former keys are gone: orders are to be signed without them. */
  readonly retired: () => void;
  readonly log: Log;
}

/**
 * Ends a rotation: orders carry both signatures until every device that is connected reports the targets that name the new
 * keys. One that comes back later refuses the order once, fetches newer metadata, and then takes it.
 */
export class FormerKeys {
  readonly #parts: FormerKeyParts;
  #isRetiring = false;

  constructor(parts: FormerKeyParts) {
    this.#parts = parts;
  }

  /** A device has reported, come or gone. */
  async look(): Promise<void> {
    const { keys, catalog, devices, retired, log } = this.#parts;
    if (this.#isRetiring || !keys.isRotating || !haveTargets(devices(), catalog.versions.targets)) return;
    this.#isRetiring = true;
    try {
      await keys.retire();
      log.info(
        { targets: catalog.versions.targets },
        'Former online keys were deleted: every live device has their successors',
      );
      retired();
    } catch (cause) {
      log.error({ err: cause }, 'Former online keys could not be deleted; the next report tries again');
    } finally {
      this.#isRetiring = false;
    }
  }
}

/** True when every connected device reports this version of targets or a newer one. */
export function haveTargets(devices: readonly Pick<Device, 'presence' | 'report'>[], targets: number): boolean {
  return devices.every(({ presence, report }) => presence !== 'online' || (report?.metadata?.targets ?? 0) >= targets);
}

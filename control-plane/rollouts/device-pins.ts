import type { Clock } from '@bellwether/shared/clock';
import { parseReleaseId } from '@bellwether/shared/ids';
import type { Catalog } from '../catalog/catalog.js';
import type { Fleet } from '../fleet/fleet.js';
import type { Orders } from '../orders/publish.js';
import type { DeviceHold } from './device-hold.js';
import type { DeviceHolds } from './device-holds.js';
import { stageOf } from './device-ordering.js';
import { requireRelease } from './new-rollout.js';
import { RolloutError } from './rollout-error.js';

interface PinParts {
  readonly clock: Clock;
  readonly fleet: Pick<Fleet, 'get'>;
  readonly catalog: Pick<Catalog, 'find'>;
  readonly orders: Pick<Orders, 'of'>;
  readonly holds: DeviceHolds;
  /** The device is to be ordered again. */
  readonly changed: (device: string) => Promise<void>;
}

/** Carries out what persons decide about a device's models: stored first, then ordered. */
export class DevicePins {
  readonly #parts: PinParts;

  constructor(parts: PinParts) {
    this.#parts = parts;
  }

  /**
   * `what`: a release, `exclude` or `quarantine`. Throws FleetError `device-unknown`, and RolloutError for a release that
   * the device's stage does not admit.
   */
  async pin(
    id: string,
    what: string,
    { by, why }: { readonly by: string; readonly why: string | null },
  ): Promise<void> {
    const { clock, fleet, catalog, orders, holds, changed } = this.#parts;
    const device = fleet.get(id);
    const decided = { by, why, atMs: Math.floor(clock.now().wallMs) };
    await holds.put(id, holdOf());
    await changed(id);

    function holdOf(): DeviceHold {
      if (what === 'exclude' || what === 'quarantine') {
        const models = Object.entries(orders.of(id)?.models ?? {}).map(
          ([model, { stable }]) => [model, stable] as const,
        );
        const kind = what === 'exclude' ? 'excluded' : 'quarantined';
        return { kind, models: Object.fromEntries(models), ...decided };
      }
      if (parseReleaseId(what) === undefined) {
        const text = `${what} is nothing to pin a device to: write MODEL@VERSION, exclude or quarantine`;
        throw new RolloutError('release-malformed', text);
      }
      const { model, version, manifest } = requireRelease(what, (...name) => catalog.find(...name), [stageOf(device)]);
      return { kind: 'pinned', model, version, manifest, ...decided };
    }
  }

  /** Frees a model of its pin, or without one the device of its exclusion or quarantine. Throws RolloutError `hold-unknown`. */
  async unpin(id: string, model: string | undefined): Promise<void> {
    const { fleet, holds, changed } = this.#parts;
    fleet.get(id);
    const name = model === undefined ? '' : (parseReleaseId(model)?.model ?? model);
    if (!(await holds.remove(id, name))) {
      const what =
        name === ''
          ? 'neither excluded nor quarantined; name the model of a pin'
          : `not pinned to a release of ${name}`;
      throw new RolloutError('hold-unknown', `${id} is ${what}`);
    }
    await changed(id);
  }
}

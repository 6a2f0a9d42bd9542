import { randomBytes } from 'node:crypto';
import type { Clock } from '@bellwether/shared/clock';
import { hasState } from '@bellwether/shared/models/state-tensors';
import type { Catalog, CatalogRelease } from '../catalog/catalog.js';
import type { Fleet } from '../fleet/fleet.js';
import type { RolloutRequest } from '../http/rollout-api.js';
import type { RolloutPreview } from '../http/rollout-preview-api.js';
import { stageOf } from './device-ordering.js';
import type { FleetSight } from './fleet-sight.js';
import { newCourse, requirePolicy, requireRelease } from './new-rollout.js';
import { previewOf } from './preview.js';
import { covers, hasEnded, isFor, isStaged, type Rollout, rolloutId } from './rollout.js';
import { RolloutError } from './rollout-error.js';

interface DraftParts {
  readonly clock: Clock;
  readonly fleet: Pick<Fleet, 'members'>;
  readonly catalog: Pick<Catalog, 'find'>;
  readonly sight: FleetSight;
  readonly rollouts: () => Iterable<Rollout>;
  /** Calls that a device answers a second now; 0 where nobody knows. */
  readonly callsPerSecond: (device: string) => number;
}

/** A rollout that is not yet one, and the release that it would bring. */
interface Draft {
  readonly rollout: Omit<Rollout, 'number'>;
  readonly release: CatalogRelease;
}

/** Makes rollouts out of requests, or says why they cannot be. Nothing is stored here. */
export class ConductorDrafts {
  readonly #parts: DraftParts;

  constructor(parts: DraftParts) {
    this.#parts = parts;
  }

  /** Throws RolloutError. */
  draft({ release: name, to, policy: asked, supersede }: RolloutRequest): Draft {
    const { clock, fleet, catalog, sight, callsPerSecond } = this.#parts;
    const nowMs = Math.floor(clock.now().wallMs);
    const targets = fleet.members().filter(({ labels }) => isFor(to, labels));
    const release = requireRelease(name, (...id) => catalog.find(...id), targets.map(stageOf));
    const { model, version, manifest } = release;
    const policy = requirePolicy(asked);
    if (supersede !== true) this.#refuseOverlap(model, to);
    const members: Rollout['members'] = new Map();
    const base = { model, version, manifest, target: to, createdAtMs: nowMs, members };
    const rollout = { ...base, phase: 'rolling', reason: null, superseded: null, course: null } as const;
    if (policy === undefined) return { rollout, release };
    const devices = sight.devicesOf({ ...rollout, number: this.#nextNumber() }, nowMs);
    const keepsState = hasState(release.manifestDocument.inputs);
    const keys = { cohortKey: randomBytes(16).toString('hex'), salt: randomBytes(16).toString('hex') };
    const course = newCourse({ ...policy, devices, keys, nowMs, callsPerSecond, keepsState });
    return { rollout: { ...rollout, course }, release };
  }

  /** Throws RolloutError as draft() does. */
  preview(request: RolloutRequest): RolloutPreview {
    const { sight, callsPerSecond } = this.#parts;
    const { rollout, release } = this.draft(request);
    const devices = sight.devicesOf({ ...rollout, number: this.#nextNumber() }, rollout.createdAtMs);
    return previewOf({ ...rollout, number: this.#nextNumber() }, { release, devices, callsPerSecond });
  }

  #nextNumber(): number {
    return Math.max(0, ...[...this.#parts.rollouts()].map((each) => each.number)) + 1;
  }

  #refuseOverlap(model: string, to: Rollout['target']): void {
    for (const each of this.#parts.rollouts()) {
      // One that is taken back has no canary any more; it only waits for the devices to say so.
      const isOver = hasEnded(each) || each.phase === 'rolling-back';
      if (each.model !== model || !isStaged(each) || isOver || !this.#shareDevices(each.target, to)) continue;
      const text = `${rolloutId(each)} brings ${model}@${each.version} to some of these devices: a device is in one rollout of a model`;
      throw new RolloutError('rollout-overlaps', text);
    }
  }

  #shareDevices(one: Rollout['target'], other: Rollout['target']): boolean {
    if (covers(one, other) || covers(other, one)) return true;
    return this.#parts.fleet.members().some(({ labels }) => isFor(one, labels) && isFor(other, labels));
  }
}

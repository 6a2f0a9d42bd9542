import type { Clock } from '@bellwether/shared/clock';
import { formatReleaseId, parseReleaseId } from '@bellwether/shared/ids';
import type { Log } from '@bellwether/shared/log';
import type { AuditTrail } from '../audit/audit-row.js';
import type { Catalog, CatalogRelease } from '../catalog/catalog.js';
import type { Device } from '../fleet/device.js';
import type { Fleet } from '../fleet/fleet.js';
import type { RolloutRequest, RolloutView } from '../http/rollout-api.js';
import { rolloutsFor } from '../orders/compose.js';
import type { Orders } from '../orders/publish.js';
import { covers, isFor, type Rollout, rolloutId } from './rollout.js';
import { deviceState } from './rollout-device.js';
import { RolloutError } from './rollout-error.js';
import type { RolloutStore } from './rollout-store.js';
import { directView } from './rollout-view.js';
import { type RolloutEffect, type RolloutEvent, transition } from './transition.js';

/** Reports come in crowds; the rollouts that they concern are looked at together. */
const lookDelayMs = 100;

interface ConductorParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: RolloutStore;
  readonly fleet: Fleet;
  readonly orders: Orders;
  readonly catalog: Catalog;
  readonly audit: AuditTrail;
  /** Told when a rollout's view is another one. */
  readonly changed: (id: string) => void;
}

/** Carries rollouts out: asks transition() what an event means, stores the answer, then acts on it. */
export class Conductor {
  readonly #parts: ConductorParts;
  readonly #rollouts = new Map<number, Rollout>();
  readonly #toLookAt = new Set<number>();
  #cancelLook: (() => void) | undefined;
  #endCatalog: (() => void) | undefined;

  constructor(parts: ConductorParts) {
    this.#parts = parts;
  }

  /** Takes up where the last run ended: every order is composed again, which changes nothing where all was done. */
  async start(): Promise<void> {
    const { store, fleet, catalog } = this.#parts;
    for (const rollout of await store.all()) this.#rollouts.set(rollout.number, rollout);
    await this.#orderAll(fleet.members());
    // An approval may be what a production device was waiting for.
    this.#endCatalog = catalog.onChange(() => void this.#orderAll(fleet.members()));
    this.#lookSoon([...this.#rollouts.keys()]);
  }

  stop(): void {
    this.#endCatalog?.();
    this.#cancelLook?.();
  }

  /** Composes every order again: what signs them, or what they are to make known, has changed. */
  async orderAgain(): Promise<void> {
    await this.#orderAll(this.#parts.fleet.all());
  }

  /** Newest first. */
  views(): RolloutView[] {
    return [...this.#rollouts.values()].reverse().map((rollout) => this.#view(rollout));
  }

  /** Throws RolloutError `rollout-unknown`. */
  view(id: string): RolloutView {
    const rollout = [...this.#rollouts.values()].find((each) => rolloutId(each) === id);
    if (rollout === undefined) throw new RolloutError('rollout-unknown', `no rollout is called ${id}`);
    return this.#view(rollout);
  }

  /** Starts a rollout; throws RolloutError. */
  async create({ release: name, to, policy = 'direct' }: RolloutRequest): Promise<RolloutView> {
    if (policy !== 'direct') throw new RolloutError('policy-unknown', 'this server knows the policy direct only');
    const { clock, store, fleet, log } = this.#parts;
    const devices = fleet.members().filter(({ labels }) => isFor(to, labels));
    const { model, version, manifest } = this.#releaseFor(name, devices);
    const createdAtMs = Math.floor(clock.now().wallMs);
    const rollout = await store.insert({ model, version, manifest, target: to, phase: 'rolling', createdAtMs });
    this.#rollouts.set(rollout.number, rollout);
    log.info({ rollout: rolloutId(rollout), release: name, devices: devices.length }, 'A rollout was created');
    for (const older of this.#rollouts.values()) {
      if (older.number < rollout.number && older.model === model && covers(to, older.target)) {
        await this.#advance(older.number, { kind: 'superseded' });
      }
    }
    await this.#advance(rollout.number, { kind: 'created' });
    return this.view(rolloutId(rollout));
  }

  /** A device has been let in: it gets what the rollouts say that are for it. */
  async joined(id: string): Promise<void> {
    for (const rollout of this.#rolloutsOf(this.#parts.fleet.get(id))) {
      await this.#advance(rollout.number, { kind: 'joined', device: id });
    }
  }

  /** A device has reported, come or gone. Its order is composed again: the report may show another stage, or a generation above ours. */
  async heardFrom(id: string): Promise<void> {
    const device = this.#parts.fleet.get(id);
    if (device.standing !== 'approved') return; // its last message was on its way when it was put out
    const rollouts = this.#rolloutsOf(device);
    this.#lookSoon(rollouts.map(({ number }) => number));
    await this.#parts.orders.ensure(device, rollouts);
  }

  /** A device is no longer in: the rollouts that waited for it may be done. */
  left(): void {
    this.#lookSoon([...this.#rollouts.keys()]);
  }

  #releaseFor(name: string, devices: readonly Device[]): CatalogRelease {
    const id = parseReleaseId(name);
    if (id === undefined) throw new RolloutError('release-malformed', `${name} is not a release: write MODEL@VERSION`);
    const release = this.#parts.catalog.find(id.model, id.version);
    if (release === undefined) {
      throw new RolloutError('release-unknown', `${formatReleaseId(id)} is not in the catalogue: publish it first`);
    }
    if (release.withdrawn !== null) {
      throw new RolloutError('release-withdrawn', `${name} was withdrawn: ${release.withdrawn}`);
    }
    const production = devices.filter((device) => stageOf(device) === 'production');
    if (!release.production && (production.length > 0 || devices.length === 0)) {
      const whom =
        devices.length === 0 ? 'devices that will join' : `${production.length} of ${devices.length} devices`;
      throw new RolloutError(
        'release-not-approved',
        `${name} is not approved for production, where ${whom} run; approve it first`,
      );
    }
    return release;
  }

  #rolloutsOf(device: Device): readonly Rollout[] {
    const { catalog } = this.#parts;
    return rolloutsFor({ labels: device.labels, stage: stageOf(device) }, [...this.#rollouts.values()], (rollout) => {
      const release = catalog.find(rollout.model, rollout.version);
      // What the catalogue does not know any more stays ordered: absence is no withdrawal [T-9].
      return release === undefined || release.production;
    });
  }

  /** Nothing is awaited between looking and setting, so that two events cannot both start from the same state. */
  async #advance(number: number, event: RolloutEvent): Promise<void> {
    const rollout = this.#rollouts.get(number);
    if (rollout === undefined) return;
    const { next, effects } = transition(rollout, event);
    this.#rollouts.set(number, next);
    if (next.phase !== rollout.phase) {
      await this.#storePhase(rollout, next);
      const details = { from: rollout.phase, to: next.phase };
      this.#parts.audit.record({ actor: 'server', action: 'rollout.phase', subject: rolloutId(next), details });
      this.#parts.log.info({ rollout: rolloutId(next), phase: next.phase }, 'A rollout entered a phase');
    }
    for (const effect of effects) await this.#act(next, effect);
  }

  /** When it cannot be stored, the rollout is again what it was: the next event decides anew, and stores. */
  async #storePhase(rollout: Rollout, next: Rollout): Promise<void> {
    try {
      await this.#parts.store.setPhase(next.number, next.phase);
    } catch (cause) {
      if (this.#rollouts.get(next.number) === next) this.#rollouts.set(next.number, rollout);
      throw cause;
    }
  }

  async #act(rollout: Rollout, effect: RolloutEffect): Promise<void> {
    const { fleet, changed } = this.#parts;
    switch (effect.kind) {
      case 'order': {
        const devices = effect.devices === 'all' ? fleet.members() : effect.devices.map((id) => fleet.get(id));
        await this.#orderAll(devices.filter(({ labels }) => isFor(rollout.target, labels)));
        return;
      }
      case 'announce':
        changed(rolloutId(rollout));
    }
  }

  async #orderAll(devices: readonly Device[]): Promise<void> {
    const { orders, log } = this.#parts;
    const results = await Promise.allSettled(devices.map((device) => orders.ensure(device, this.#rolloutsOf(device))));
    const failed = results.filter((result) => result.status === 'rejected');
    if (failed.length > 0) log.error({ err: failed[0]?.reason, devices: failed.length }, 'Orders could not be stored');
  }

  #lookSoon(numbers: readonly number[]): void {
    for (const number of numbers) this.#toLookAt.add(number);
    this.#cancelLook ??= this.#parts.clock.after(lookDelayMs, () => {
      this.#cancelLook = undefined;
      this.#look().catch((cause: unknown) => {
        this.#parts.log.error({ err: cause }, 'A phase could not be stored; the next report tries again');
      });
    });
  }

  async #look(): Promise<void> {
    const numbers = [...this.#toLookAt];
    this.#toLookAt.clear();
    for (const number of numbers) {
      const rollout = this.#rollouts.get(number);
      if (rollout === undefined) continue;
      await this.#advance(number, { kind: 'observed', devices: this.#view(rollout).devices });
    }
  }

  #view(rollout: Rollout): RolloutView {
    const { fleet, orders } = this.#parts;
    const devices = fleet.members().filter((device) => this.#rolloutsOf(device).includes(rollout));
    return directView(
      rollout,
      devices.map((device) => {
        const { id, report, presence } = device;
        return deviceState(rollout, { id, report, isOnline: presence === 'online', order: orders.of(id) });
      }),
    );
  }
}

/** The stage of a device is its own configuration; until it has reported, the stricter one [T-5]. */
function stageOf(device: Device): 'staging' | 'production' {
  return device.report?.stage ?? 'production';
}

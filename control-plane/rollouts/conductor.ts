import type { Window } from '@bellwether/shared/contract/window';
import type { SegmentCounters } from '@bellwether/shared/evidence/counters';
import type { RolloutDevice, RolloutPhase, RolloutRequest, RolloutView } from '../http/rollout-api.js';
import type { RolloutPreview } from '../http/rollout-preview-api.js';
import type { ServerStatus } from '../http/status-api.js';
import { ConductorBooks } from './conductor-books.js';
import { ConductorDrafts } from './conductor-drafts.js';
import { ConductorEyes } from './conductor-eyes.js';
import type { ConductorParts } from './conductor-parts.js';
import type { RolloutDecision } from './course-actions.js';
import { DeviceOrdering } from './device-ordering.js';
import { EvidenceLooks } from './evidence-looks.js';
import { FleetSight } from './fleet-sight.js';
import { givesWay, leavesNobody } from './gives-way.js';
import { LookSchedule } from './look-schedule.js';
import { hasEnded, isFor, isGone, isOther, isStaged, type Rollout, rolloutId } from './rollout.js';
import { failedDevices } from './rollout-device.js';
import { RolloutError } from './rollout-error.js';
import { actionsOf, type RolloutEffect, type RolloutEvent, transition } from './transition.js';
import { waitingForPerson } from './waiting-rollouts.js';

/** Carries rollouts out: asks transition() what an event means, stores the answer, then acts on it. */
export class Conductor {
  readonly #parts: ConductorParts;
  readonly #rollouts = new Map<number, Rollout>();
  readonly #ordering: DeviceOrdering;
  readonly #sight: FleetSight;
  readonly #looks: EvidenceLooks;
  readonly #eyes: ConductorEyes;
  readonly #books: ConductorBooks;
  readonly #schedule: LookSchedule;
  readonly #drafts: ConductorDrafts;
  #endCatalog: (() => void) | undefined;

  constructor(parts: ConductorParts) {
    this.#parts = parts;
    const rollouts = (): Iterable<Rollout> => this.#rollouts.values();
    this.#ordering = new DeviceOrdering({ ...parts, rollouts });
    this.#sight = new FleetSight({ ...parts, ordering: this.#ordering });
    this.#drafts = new ConductorDrafts({ ...parts, rollouts, sight: this.#sight });
    this.#schedule = new LookSchedule({
      clock: parts.clock,
      inTime: () => this.#onTheirWay().map(({ number }) => number),
      look: (numbers) => this.#lookAtAll(numbers),
    });
    this.#looks = new EvidenceLooks({
      store: parts.evidence,
      history: parts.history,
      neighbours: parts.neighbours,
      isQuarantined: (device) => parts.holds.isQuarantined(device),
      manifestOf: ({ model, version }) => parts.catalog.find(model, version)?.manifestDocument,
    });
    const seen = { ...parts, sight: this.#sight, looks: this.#looks };
    this.#eyes = new ConductorEyes(seen);
    this.#books = new ConductorBooks({ ...seen, eyes: this.#eyes });
  }

  /** Takes up where the last run ended: every order is composed again, which changes nothing where all was done. */
  async start(): Promise<void> {
    const { store, fleet, catalog, holds } = this.#parts;
    await holds.start();
    for (const rollout of await store.all()) this.#rollouts.set(rollout.number, rollout);
    this.#looks.start(this.#onTheirWay());
    // A rollback was stored, and then the power went: what it took the place of stands again.
    for (const rollout of this.#rollouts.values()) await this.#reinstate(rollout);
    await this.#ordering.orderAll(fleet.members());
    // An approval may be what a production device was waiting for.
    this.#endCatalog = catalog.onChange(() => void this.#ordering.orderAll(fleet.members()));
    this.#schedule.soon([...this.#rollouts.keys()]);
    this.#schedule.start();
  }

  stop(): void {
    this.#endCatalog?.();
    this.#schedule.stop();
  }

  /** Composes every order again: what signs them, or what they are to make known, has changed. */
  async orderAgain(): Promise<void> {
    await this.#ordering.orderAll(this.#parts.fleet.all());
  }

  /** Newest first. */
  views(): RolloutView[] {
    return [...this.#rollouts.values()].reverse().map((rollout) => this.#eyes.viewOf(rollout));
  }

  /** Each by its id, and where it is; newest first. */
  phases(): Map<string, RolloutPhase> {
    return new Map([...this.#rollouts.values()].reverse().map((rollout) => [rolloutId(rollout), rollout.phase]));
  }

  /** Those in steps that go no further without a person, newest first. */
  waiting(): ServerStatus['waitingRollouts'] {
    return waitingForPerson([...this.#rollouts.values()].reverse());
  }

  /** Throws RolloutError `rollout-unknown`. */
  view(id: string): RolloutView {
    return this.#eyes.viewOf(this.#find(id));
  }

  /** What both arms counted since then, of the rollouts of this model that are on their way. */
  segmentsOf(model: string, sinceMs: number): readonly SegmentCounters[] {
    return this.#onTheirWay()
      .filter((rollout) => rollout.model === model)
      .flatMap((rollout) => this.#eyes.segmentsOf(rollout, sinceMs));
  }

  /** Every device of a rollout; throws RolloutError `rollout-unknown`. */
  devicesOf(id: string): readonly RolloutDevice[] {
    return this.#eyes.devicesOf(this.#find(id));
  }

  /** Starts a rollout; throws RolloutError. */
  async create(request: RolloutRequest): Promise<RolloutView> {
    const { store, log } = this.#parts;
    const { rollout: draft } = this.#drafts.draft(request);
    const rollout = await store.insert(draft);
    this.#rollouts.set(rollout.number, rollout);
    const policy = draft.course?.preset ?? 'direct';
    log.info({ rollout: rolloutId(rollout), release: request.release, policy }, 'A rollout was created');
    for (const older of this.#rollouts.values()) {
      if (older.number < rollout.number && older.model === rollout.model && givesWay(older, rollout)) {
        await this.#supersede(older, rollout.number);
      }
    }
    await this.#advance(rollout.number, { kind: 'created' });
    await this.#lookAt(rollout.number);
    return this.view(rolloutId(rollout));
  }

  /** What would become of a request; nothing is stored. Throws RolloutError as create() does. */
  preview(request: RolloutRequest): RolloutPreview {
    return this.#drafts.preview(request);
  }

  /** What a person decides, who looked at this step; throws RolloutError `rollout-unknown` or `action-conflict`. */
  async decide(id: string, decision: RolloutDecision, seenStep?: number): Promise<RolloutView> {
    const rollout = this.#find(id);
    const step = isStaged(rollout) ? rollout.course.step : undefined;
    if (seenStep !== undefined && seenStep !== step) {
      const now = step === undefined ? 'has no steps' : `is at step ${step + 1} by now`;
      throw new RolloutError('action-conflict', `${id} ${now}, what was looked at was step ${seenStep + 1}`);
    }
    const possible = actionsOf(rollout);
    if (!possible.includes(decision.action)) {
      const what = possible.length === 0 ? 'it is over' : `possible: ${possible.join(', ')}`;
      const text = `${id} is ${rollout.phase}, ${decision.action} is not possible now; ${what}`;
      throw new RolloutError('action-conflict', text);
    }
    const failed = failedDevices(this.view(id));
    if (decision.action === 'retry' && failed.length === 0) {
      throw new RolloutError('action-conflict', `no device of ${id} has failed: there is nothing to retry`);
    }
    await this.#advance(rollout.number, { kind: 'decided', decision, look: this.#eyes.lookOf(rollout), failed });
    await this.#lookAt(rollout.number);
    return this.view(id);
  }

  /** A device has been let in: it gets what the rollouts say that are for it. */
  async joined(id: string): Promise<void> {
    const { labels } = this.#parts.fleet.get(id);
    for (const rollout of this.#rollouts.values()) {
      if (isFor(rollout.target, labels)) await this.#advance(rollout.number, { kind: 'joined', device: id });
    }
  }

  /** A device has reported, come or gone. Its order is composed again: the report may show another stage, or a generation above ours. */
  async heardFrom(id: string): Promise<void> {
    const device = this.#parts.fleet.get(id);
    if (device.standing !== 'approved') return; // its last message was on its way when it was put out
    const concerned = [...this.#rollouts.values()].filter((each) => !isGone(each) && isFor(each.target, device.labels));
    this.#schedule.soon(concerned.map(({ number }) => number));
    // How many devices are ready is another sight, and no other phase.
    const watched = concerned.filter((rollout) => isStaged(rollout) && !hasEnded(rollout));
    for (const rollout of watched) this.#parts.changed(rolloutId(rollout));
    await this.#ordering.order(device);
  }

  /** A window of a device is stored, and its counters with it. */
  counted(device: string, { evidence = [], arms }: Pick<Window, 'evidence' | 'arms'>, arrivedAtMs: number): void {
    for (const window of evidence) {
      const rollout = this.#rollouts.get(Number(window.rollout.slice(1)));
      if (rollout === undefined || hasEnded(rollout)) continue;
      this.#looks.take(rollout, device, { counted: { window, arms }, arrivedAtMs });
      this.#schedule.soon([rollout.number]);
    }
  }

  /** What is decided about a device has changed, or it is no longer in: the rollouts that waited for it may go on. */
  left(): void {
    this.#schedule.soon([...this.#rollouts.keys()]);
  }

  /** A person has pinned, excluded or quarantined a device, or taken that back. */
  async heldOrFreed(id: string): Promise<void> {
    // Who is kept apart gives its turn back now: with the next look it may be free again.
    for (const { number } of this.#onTheirWay()) await this.#lookAt(number);
    await this.#ordering.orderAll([this.#parts.fleet.get(id)]);
    this.left();
  }

  #find(id: string): Rollout {
    const rollout = [...this.#rollouts.values()].find((each) => rolloutId(each) === id);
    if (rollout === undefined) throw new RolloutError('rollout-unknown', `no rollout is called ${id}`);
    return rollout;
  }

  /** Stored first, then done; nothing is awaited between looking and storing, so that two events cannot both start from the same state. */
  async #advance(number: number, event: RolloutEvent): Promise<void> {
    const before = this.#rollouts.get(number);
    if (before === undefined) return;
    const nowMs = Math.floor(this.#parts.clock.now().wallMs);
    const { next, effects } = transition(before, event, nowMs);
    // As it is now, and not after the next look.
    const look = this.#looks.of(before);
    if (isOther(next, before)) {
      this.#parts.store.save(next, before, this.#books.newsOf(before, { next, event, nowMs }));
    }
    this.#rollouts.set(number, next);
    await this.#reinstate(next);
    for (const effect of effects) await this.#act(next, effect);
    this.#books.writeDown({ before, next, look });
    const isNewlyDone = next.phase === 'done' && before.phase !== 'done';
    if (isNewlyDone && isStaged(next) && leavesNobody(next)) await this.#replaceOlder(next);
  }

  async #replaceOlder(done: Rollout): Promise<void> {
    for (const older of this.#rollouts.values()) {
      if (older.number >= done.number || older.model !== done.model || !givesWay(older, done)) continue;
      await this.#supersede(older, done.number);
    }
  }

  #supersede(older: Rollout, by: number): Promise<void> {
    return this.#advance(older.number, { kind: 'superseded', by, look: this.#eyes.lookOf(older) });
  }

  /** What a rollout took the place of stands again when it is taken back. */
  async #reinstate(back: Rollout): Promise<void> {
    if (back.phase !== 'rolling-back' && back.phase !== 'rolled-back' && back.phase !== 'aborted') return;
    for (const older of this.#rollouts.values()) {
      if (older.superseded?.by === back.number) await this.#advance(older.number, { kind: 'reinstated' });
    }
  }

  async #act(rollout: Rollout, effect: RolloutEffect): Promise<void> {
    const { fleet, changed } = this.#parts;
    if (effect.kind === 'announce') {
      changed(rolloutId(rollout));
      return;
    }
    const all = fleet.members().filter(({ labels }) => isFor(rollout.target, labels));
    const some = new Set(effect.devices === 'all' ? all.map(({ id }) => id) : effect.devices);
    await this.#ordering.orderAll(all.filter(({ id }) => some.has(id)));
  }

  async #lookAtAll(numbers: readonly number[]): Promise<void> {
    try {
      for (const number of numbers) await this.#lookAt(number);
    } catch (cause) {
      this.#parts.log.error({ err: cause }, 'A phase could not be stored; the next report tries again');
    }
  }

  #onTheirWay(): Rollout[] {
    return [...this.#rollouts.values()].filter((rollout) => isStaged(rollout) && !hasEnded(rollout));
  }

  async #lookAt(number: number): Promise<void> {
    const rollout = this.#rollouts.get(number);
    if (rollout === undefined) return;
    if (isStaged(rollout)) {
      if (hasEnded(rollout)) return;
      const atMs = this.#looks.of(rollout)?.atMs;
      await this.#advance(number, { kind: 'looked', look: this.#eyes.lookOf(rollout) });
      if (this.#looks.of(rollout)?.atMs !== atMs) this.#parts.changed(rolloutId(rollout));
      return;
    }
    await this.#advance(number, { kind: 'observed', devices: this.#sight.directDevices(rollout) });
  }
}

import type { Clock } from '@bellwether/shared/clock';
import type { AuditEnd } from '@bellwether/shared/contract/audit-end';
import type { TimePayload } from '@bellwether/shared/contract/http-api';
import { publicKeysFor } from '@bellwether/shared/contract/online-keys';
import type { Refusal } from '@bellwether/shared/contract/refusal';
import { messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import { isDevelopmentRoot } from '@bellwether/shared/trust/listing-policy';
import { AuditWitness } from './audit-witness.js';
import type { AcceptedOrder, DeviceTrust, Listing, MetadataVersions, OrderOutcome } from './device-trust.js';
import { ListingAnswers } from './listing-answers.js';
import { type CurrentMetadata, isSameMetadata } from './metadata.js';
import { OrderRefusal } from './order-gate.js';
import { acceptedFloors, wantedRoles } from './refreshed-trust.js';
import { AdmissionRefusal, refusalOf } from './refusal.js';
import type { RefreshedMetadata, RefreshRequest, Repository } from './repository.js';
import type { StandingTrust } from './restore-trust.js';
import type { RunnerTrust } from './runner-trust.js';
import { runnerTrustOf, type TrustConfiguration } from './trust-configuration.js';
import type { TrustRules } from './trust-rules.js';
import type { TrustStore } from './trust-store.js';
import { TrustedClock } from './trusted-clock.js';
import { Turns } from './turns.js';

/** Orders that no known key signed may make the device ask for newer keys this often. */
const offerRefreshIntervalMs = 60_000;
/** The time floor is written when it has moved this far; a restart loses no more. */
const timeFloorStepMs = 3_600_000;

export interface DeviceTrustParts {
  readonly store: TrustStore;
  readonly repository: Repository;
  readonly rules: TrustRules;
  readonly clock: Clock;
  readonly log: Log;
  readonly configuration: TrustConfiguration;
}

/** Keeps what this device believes: one change at a time, on disk before it counts. */
export class DeviceTrustKeeper implements DeviceTrust {
  readonly #parts: DeviceTrustParts;
  #standing: StandingTrust;
  readonly #time: TrustedClock;
  #leaseFromMs: number | null = null;
  readonly #witness: AuditWitness;
  #problems: ReadonlyMap<string, Refusal> = new Map();
  readonly #answers = new ListingAnswers();
  #lastOfferRefreshMs = Number.NEGATIVE_INFINITY;
  readonly #refreshes = new Turns();
  /** Apart from refreshes: a rollback must not wait for a network. */
  readonly #changes = new Turns();

  constructor(parts: DeviceTrustParts, standing: StandingTrust) {
    this.#parts = parts;
    this.#standing = standing;
    this.#time = new TrustedClock(parts.clock, standing.state);
    this.#witness = new AuditWitness(standing.state);
  }

  get development(): boolean {
    return isDevelopmentRoot(this.#standing.metadata.root);
  }

  get versions(): MetadataVersions | null {
    const { root, current } = this.#standing.metadata;
    if (current === null) return null;
    const { targets, snapshot, timestamp } = current;
    return {
      root: root.signed.version,
      targets: targets.signed.version,
      snapshot: snapshot.signed.version,
      timestamp: timestamp.signed.version,
    };
  }

  get auditHead(): AuditEnd | null {
    return this.#witness.head;
  }

  get accepted(): AcceptedOrder | null {
    return this.#standing.accepted;
  }

  get leaseFromMs(): number | null {
    return this.#leaseFromMs;
  }

  async offerOrder(envelope: Uint8Array, signal: AbortSignal): Promise<OrderOutcome> {
    try {
      return await this.#admitOrRefresh(envelope, signal);
    } catch (error) {
      if (!(error instanceof AdmissionRefusal)) throw error;
      return refusedFor(error);
    }
  }

  async refresh(signal: AbortSignal): Promise<void> {
    await this.#refreshes.take(async () => {
      const { state, bytes, metadata } = this.#standing;
      const wanted = wantedRoles(this.accepted?.order, metadata);
      const request = { stored: bytes, floors: state.floors, wanted, trustedTimeMs: this.#time.nowMs() };
      try {
        const found = await this.#parts.repository.refresh(request, signal);
        await this.#changes.take(async () => this.#believe(found));
      } catch (error) {
        if (!(error instanceof AdmissionRefusal) || error.code !== 'metadata-stale') throw error;
        if (!(await this.#recoverTime(request, signal))) throw error;
      }
    });
  }

  /** What is stale at a time that a thief of the time key has run up may be the owner's recovery from it [T-7]. False when it is not. */
  async #recoverTime(request: RefreshRequest, signal: AbortSignal): Promise<boolean> {
    if (this.#time.signers.length === 0) return false;
    const found = await this.#parts.repository.refresh({ ...request, trustedTimeMs: 0 }, signal);
    return this.#changes.take(async () => {
      const { timeFloorFalls } = this.#parts.rules;
      if (!timeFloorFalls(this.#standing.state.floors, this.#time.signers, found.read)) return false;
      await this.#time.forgetFor(async () => this.#believe(found));
      return true;
    });
  }

  find(model: string, version: string): Listing {
    const { rules, configuration } = this.#parts;
    const { stage, allowDevelopment } = configuration;
    return this.#answers.find({ model, version }, (release) => {
      const { targets, leaves } = this.#current();
      const { root } = this.#standing.metadata;
      const problems = this.#problems;
      return rules.listing(release, { root, targets, leaves, problems, stage, allowDevelopment, policy: rules });
    });
  }

  isFresh(): boolean {
    const expires = this.#standing.metadata.current?.timestamp.signed.expires;
    return expires !== undefined && Date.parse(expires) > this.#time.nowMs();
  }

  runnerTrust(): RunnerTrust {
    return runnerTrustOf(this.#parts.configuration, this.#parts.store.metadataFolder, this.#standing.state);
  }

  get serverTimeMs(): number | undefined {
    return this.#time.heardMs;
  }

  offerTime(envelope: Uint8Array, deviceNonce: string): boolean {
    const { current } = this.#standing.metadata;
    if (current === null) return false;
    const signed = this.#time.offer(envelope, publicKeysFor(current.onlineKeys, 'time'), deviceNonce);
    if (signed === undefined) return false;
    const { timeMs, auditHead, order } = signed.said;
    if (!isNewerThan(order, this.accepted)) this.#leaseFromMs = this.#time.signedAtMs;
    const isFurther = auditHead !== undefined && this.#witness.offer(auditHead, signed.signers);
    if (isFurther || timeMs >= this.#standing.state.timeFloorMs + timeFloorStepMs) this.#keepTime();
    return true;
  }

  async #admitOrRefresh(envelope: Uint8Array, signal: AbortSignal): Promise<OrderOutcome> {
    if (this.#standing.metadata.current === null) await this.#refreshForOffer(signal);
    try {
      return await this.#admit(envelope);
    } catch (error) {
      if (!(error instanceof OrderRefusal) || !error.newerKeysMayHelp) throw error;
      if (!(await this.#refreshForOffer(signal))) return { ...refusedFor(error), isTooSoon: true };
      return await this.#admit(envelope);
    }
  }

  /** Judged and written in one turn, so that of two orders the newer one stays; no network in here. */
  async #admit(envelope: Uint8Array): Promise<OrderOutcome> {
    return this.#changes.take(async () => {
      const { device } = this.#parts.configuration;
      const context = { device, onlineKeys: this.#current().onlineKeys, accepted: this.accepted };
      const judgement = this.#parts.rules.order(envelope, context);
      if (judgement.kind === 'unchanged') return judgement;
      const { accepted, signers } = judgement;
      const order = { envelope: Buffer.from(envelope).toString('utf8'), signers: [...signers] };
      await this.#save({ ...this.#standing, state: { ...this.#standing.state, order }, accepted });
      return { kind: 'accepted', accepted };
    });
  }

  /** False when one was made too shortly before: whoever can publish orders must not steer our requests. */
  async #refreshForOffer(signal: AbortSignal): Promise<boolean> {
    const { monotonicMs } = this.#parts.clock.now();
    if (monotonicMs - this.#lastOfferRefreshMs < offerRefreshIntervalMs) return false;
    this.#lastOfferRefreshMs = monotonicMs;
    await this.refresh(signal);
    return true;
  }

  async #believe(found: RefreshedMetadata): Promise<void> {
    const { rules, configuration, log } = this.#parts;
    const { state, bytes } = this.#standing;
    const { allowDevelopment } = configuration;
    const floors = acceptedFloors(found, state.floors, { rules, allowDevelopment });
    if (found.read.current !== null) this.#witness.keepOf(publicKeysFor(found.read.current.onlineKeys, 'time'));
    if (!isSameMetadata(bytes, found.metadata)) {
      const next = { bytes: found.metadata, metadata: found.read };
      await this.#save({ ...this.#standing, ...next, state: { ...state, floors } });
    }
    this.#problems = found.problems;
    this.#answers.clear();
    for (const [role, problem] of found.problems) log.warn({ role, ...problem }, 'a delegated role is not believed');
    log.info({ ...this.versions }, 'metadata is verified');
  }

  #current(): CurrentMetadata {
    const { current } = this.#standing.metadata;
    if (current === null) throw new AdmissionRefusal('metadata-stale', 'no metadata has been verified yet');
    return current;
  }

  #keepTime(): void {
    this.#changes
      .take(async () => this.#save(this.#standing))
      .catch((error: unknown) => {
        this.#parts.log.warn({ err: messageOf(error) }, 'the time floor could not be written');
      });
  }

  /** On disk first, then believed. */
  async #save(next: StandingTrust): Promise<void> {
    const { auditHead: _before, ...rest } = next.state;
    const state = { ...rest, ...this.#time.floor, ...this.#witness.stored };
    try {
      await this.#parts.store.save(state, next.bytes === this.#standing.bytes ? undefined : next.bytes);
    } catch (cause) {
      throw new AdmissionRefusal('disk', `trust could not be written: ${messageOf(cause)}`, { cause });
    }
    this.#standing = { ...next, state };
  }
}

function refusedFor(error: AdmissionRefusal): Extract<OrderOutcome, { readonly kind: 'refused' }> {
  const generation = error instanceof OrderRefusal ? error.generation : undefined;
  return { kind: 'refused', refusal: refusalOf(error), ...(generation === undefined ? {} : { generation }) };
}

/** True when the server has an order for this device that did not get here. */
function isNewerThan(order: TimePayload['order'], accepted: AcceptedOrder | null): boolean {
  if (order === undefined) return false;
  const { epoch = 0, generation = 0 } = accepted?.order ?? {};
  return order.epoch > epoch || (order.epoch === epoch && order.generation > generation);
}

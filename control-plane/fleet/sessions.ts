import type { Clock } from '@bellwether/shared/clock';
import type { AuditEnd } from '@bellwether/shared/contract/audit-end';
import {
  type NonceReply,
  type NonceRequest,
  SessionPayload,
  type SessionReply,
  type SessionRequest,
  type TimePayload,
} from '@bellwether/shared/contract/http-api';
import { Compile } from '@bellwether/shared/schema';
import { sealEnvelopeBy } from '@bellwether/shared/signing/envelope';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import { ReadySigners } from '@bellwether/shared/signing/ready-signers';
import { openProof, type ProofKind, unprovenPayload } from './device-proof.js';
import type { DeviceRates } from './device-rates.js';
import type { Fleet } from './fleet.js';
import { FleetError } from './fleet-error.js';
import type { SessionAudit } from './session-audit.js';
import type { SessionNonces } from './session-nonce.js';
import { type SessionTokens, sessionSeconds } from './session-token.js';
import { requireApproved } from './standing.js';

const compiled = Compile(SessionPayload);
const sessionProof: ProofKind<SessionPayload> = {
  type: 'session',
  schema: compiled,
  failure: 'the session is not signed by its device',
};

/** What a device has signed, and the key that it had then. */
interface Proof extends SessionPayload {
  readonly publicKey: string;
}

interface SessionParts {
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly nonces: SessionNonces;
  readonly tokens: SessionTokens;
  readonly rates: DeviceRates;
  readonly audit: SessionAudit;
  /** Two while the time key is replaced. */
  readonly timeKeys: () => readonly KeyPair[];
  /** Where the audit log ended when its head was signed last. */
  readonly auditEnd: () => AuditEnd | undefined;
  /** The newest order of a device. */
  readonly newestOrder: (device: string) => Required<TimePayload>['order'] | undefined;
  /** Where a device connects that reached us under this host name. */
  readonly mqttUrl: (hostname: string) => string;
}

/** How somebody reached us. */
export interface Caller {
  readonly address: string;
  /** The name of this server that they used. */
  readonly hostname: string;
}

/** Login of devices: the device signs the server's nonce and gets a short token and the signed time [T-11]. */
export class Sessions {
  readonly #parts: SessionParts;
  readonly #timeSigners: ReadySigners;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#timeSigners = new ReadySigners(parts.timeKeys);
  }

  /** Throws FleetError `device-unknown`. */
  nonce({ device }: NonceRequest): NonceReply {
    const { fleet, nonces, clock } = this.#parts;
    return { nonce: nonces.issue(fleet.get(device).id, clock.now().wallMs) };
  }

  /**
   * Throws FleetError `device-unknown`, `proof-invalid`, `nonce-invalid`, or what requireApproved throws, in this order:
   * only who proved to be the device hears how it stands. And RateError, for a device that asks too often and for an
   * address that fails too often.
   */
  async open({ envelope }: SessionRequest, { address, hostname }: Caller): Promise<SessionReply> {
    const { clock, rates, audit, tokens, auditEnd, newestOrder, mqttUrl } = this.#parts;
    const proof = await this.#proved(envelope, address);
    rates.opensSession(proof.device, clock.now().monotonicMs);
    const nowMs = clock.now().wallMs;
    await this.#admit(proof, address, nowMs);
    await audit.opened(proof.device, address);
    const auditHead = auditEnd();
    const { deviceNonce } = proof;
    const newest = newestOrder(proof.device);
    const order = newest && { epoch: newest.epoch, generation: newest.generation };
    const timeMs = Math.floor(nowMs);
    const time: TimePayload = { deviceNonce, timeMs, ...(auditHead && { auditHead }), ...(order && { order }) };
    return {
      token: tokens.issue(proof.device, proof.publicKey, proof.audience),
      expiresInSeconds: sessionSeconds,
      mqttUrl: mqttUrl(hostname),
      time: JSON.parse(Buffer.from(sealEnvelopeBy('time', time, this.#timeSigners.all())).toString()),
    };
  }

  /** Who did not prove to be a device pays for it by address: the device itself is not kept out by those who use its name. */
  async #proved(envelope: unknown, address: string): Promise<Proof> {
    const { fleet, clock, rates, audit } = this.#parts;
    try {
      return this.#openProof(envelope);
    } catch (cause) {
      const device = claimedDevice(envelope);
      if (cause instanceof FleetError && device !== undefined && fleet.find(device) !== undefined) {
        await audit.failed(device, address, cause.code);
      }
      rates.failed(address, clock.now().monotonicMs);
      throw cause;
    }
  }

  async #admit({ device, serverNonce }: SessionPayload, address: string, nowMs: number): Promise<void> {
    const { fleet, nonces, audit } = this.#parts;
    try {
      if (!nonces.use(serverNonce, device, nowMs)) {
        throw new FleetError('nonce-invalid', 'the nonce has expired, was used before, or is not this device’s');
      }
      requireApproved(device, fleet.get(device).standing);
    } catch (cause) {
      if (cause instanceof FleetError) await audit.failed(device, address, cause.code);
      throw cause;
    }
  }

  /** The key is the one that the device has by now. */
  #openProof(envelope: unknown): Proof {
    const { fleet } = this.#parts;
    const payload = openProof(sessionProof, envelope, ({ device }) => [fleet.get(device).publicKey]);
    return { ...payload, publicKey: fleet.get(payload.device).publicKey };
  }
}

/** Who somebody says to be; undefined when they do not say it in our words. */
function claimedDevice(envelope: unknown): string | undefined {
  try {
    return unprovenPayload(sessionProof, envelope).device;
  } catch {
    return undefined; // it is no session: nobody's name is on it
  }
}

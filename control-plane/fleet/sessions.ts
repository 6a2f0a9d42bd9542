import type { Clock } from '@bellwether/shared/clock';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import {
  type NonceReply,
  type NonceRequest,
  SessionPayload,
  type SessionReply,
  type SessionRequest,
  type TimePayload,
} from '@bellwether/shared/contract/http-api';
import { messageOf } from '@bellwether/shared/errors';
import { Compile } from '@bellwether/shared/schema';
import { openEnvelope, sealEnvelope } from '@bellwether/shared/signing/envelope';
import type { KeyPair } from '@bellwether/shared/signing/key-pair';
import type { Fleet } from './fleet.js';
import { FleetError } from './fleet-error.js';
import type { SessionNonces } from './session-nonce.js';
import { type SessionTokens, sessionSeconds } from './session-token.js';
import { requireApproved } from './standing.js';
import { envelopeBytes, unprovenPayload } from './unproven-payload.js';

const compiled = Compile(SessionPayload);
const maxEnvelopeBytes = 8192;

interface SessionParts {
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly nonces: SessionNonces;
  readonly tokens: SessionTokens;
  /** Two while the time key is replaced. */
  readonly timeKeys: () => readonly KeyPair[];
  /** Where a device connects that reached us under this host name. */
  readonly mqttUrl: (hostname: string) => string;
}

/** Login of devices: the device signs the server's nonce and gets a short token and the signed time [T-11]. */
export class Sessions {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Throws FleetError `device-unknown`. */
  nonce({ device }: NonceRequest): NonceReply {
    const { fleet, nonces, clock } = this.#parts;
    return { nonce: nonces.issue(fleet.get(device).id, clock.now().wallMs) };
  }

  /**
   * Throws FleetError `device-unknown`, `proof-invalid`, `nonce-invalid`, or what requireApproved throws, in this order:
   * only who proved to be the device hears how it stands.
   */
  async open({ envelope }: SessionRequest, hostname: string): Promise<SessionReply> {
    const { clock, nonces, tokens, timeKeys, mqttUrl } = this.#parts;
    const proof = this.#openProof(envelope);
    const nowMs = clock.now().wallMs;
    if (!nonces.use(proof.serverNonce, proof.device, nowMs)) {
      throw new FleetError('nonce-invalid', 'the nonce has expired, was used before, or is not this device’s');
    }
    requireApproved(proof.device, this.#parts.fleet.get(proof.device).standing);
    const time: TimePayload = { deviceNonce: proof.deviceNonce, timeMs: Math.floor(nowMs) };
    return {
      token: await tokens.issue(proof.device, proof.audience),
      expiresInSeconds: sessionSeconds,
      mqttUrl: mqttUrl(hostname),
      time: JSON.parse(Buffer.from(sealEnvelope('time', time, timeKeys())).toString()),
    };
  }

  /** The device is read from the unproved payload; what counts is then opened with the key that it enrolled with. */
  #openProof(envelope: unknown): SessionPayload {
    try {
      const claimed = decodeDocument(compiled, unprovenPayload(envelope), {
        what: 'session',
        maxBytes: maxEnvelopeBytes,
      });
      const { publicKey } = this.#parts.fleet.get(claimed.device);
      const { payload } = openEnvelope('session', envelopeBytes(envelope), [publicKey], maxEnvelopeBytes);
      return decodeDocument(compiled, payload, { what: 'session', maxBytes: maxEnvelopeBytes });
    } catch (cause) {
      if (cause instanceof FleetError) throw cause;
      throw new FleetError('proof-invalid', `the session is not signed by its device: ${messageOf(cause)}`, { cause });
    }
  }
}

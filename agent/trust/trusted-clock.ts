import type { Clock } from '@bellwether/shared/clock';
import type { TimePayload } from '@bellwether/shared/contract/http-api';
import type { TrustState } from './trust-store.js';
import { signedTime, type TrustedTime, trustedNowMs } from './trusted-time.js';

/** What the server signed with its time keys, and which of them. */
interface SignedTime {
  readonly said: TimePayload;
  readonly signers: readonly string[];
}

/** The time that this device believes, between the floor on its disk and what the server has signed since [T-8]. */
export class TrustedClock {
  readonly #clock: Clock;
  #time: TrustedTime;
  #signedAtMs: number | null = null;

  constructor(clock: Clock, { timeFloorMs, timeSigners = [] }: Pick<TrustState, 'timeFloorMs' | 'timeSigners'>) {
    this.#clock = clock;
    this.#time = { timeMs: timeFloorMs, monotonicMs: clock.now().monotonicMs, signers: timeSigners };
  }

  /** The least that it can be now, milliseconds since 1970. */
  nowMs(): number {
    return trustedNowMs(this.#time, this.#clock.now().monotonicMs);
  }

  /** The same, once the server has spoken: the floor of an earlier start says only how late it is at least. */
  get heardMs(): number | undefined {
    return this.#signedAtMs === null || this.#time.timeMs === 0 ? undefined : this.nowMs();
  }

  /** Who signed the time that stands, as public keys; none before the first. */
  get signers(): readonly string[] {
    return this.#time.signers;
  }

  /** When a signed time came last in this run of the agent, monotonic milliseconds; null before the first. */
  get signedAtMs(): number | null {
    return this.#signedAtMs;
  }

  /** What is written down: the floor of the next start. */
  get floor(): Required<Pick<TrustState, 'timeFloorMs' | 'timeSigners'>> {
    return { timeFloorMs: this.#time.timeMs, timeSigners: [...this.#time.signers] };
  }

  /** Takes a signed time that is later; answers with all that was signed and by whom, or undefined when no key of `publicKeys` signed it for this nonce. */
  offer(envelope: Uint8Array, publicKeys: readonly string[], deviceNonce: string): SignedTime | undefined {
    const said = signedTime(envelope, publicKeys, deviceNonce);
    if (said === undefined) return undefined;
    // Bound to our nonce, so it is new, whatever it says.
    this.#signedAtMs = this.#clock.now().monotonicMs;
    const signers = publicKeys.filter((key) => signedTime(envelope, [key], deviceNonce) !== undefined);
    const { timeMs } = said;
    if (timeMs > this.nowMs()) this.#time = { timeMs, monotonicMs: this.#clock.now().monotonicMs, signers };
    return { said, signers };
  }

  /** Knows nothing of the time while `act` runs, and from then on; when it throws, what was known stands again. */
  async forgetFor<T>(act: () => Promise<T>): Promise<T> {
    const before = this.#time;
    this.#time = { timeMs: 0, monotonicMs: this.#clock.now().monotonicMs, signers: [] };
    try {
      return await act();
    } catch (error) {
      this.#time = before;
      throw error;
    }
  }
}

import type { AuditEnd } from '@bellwether/shared/contract/audit-end';
import type { TrustState } from './trust-store.js';

type Seen = NonNullable<TrustState['auditHead']>;

/**
 * Remembers how far the server's audit log has been [T-14]: the highest end that a time key has signed. A lower one, or another
 * one under the same number, changes nothing: it is what a log that was cut off or written anew would say.
 */
export class AuditWitness {
  #seen: Seen | undefined;

  constructor({ auditHead }: Pick<TrustState, 'auditHead'>) {
    this.#seen = auditHead;
  }

  /** What the report says; null before the first. */
  get head(): AuditEnd | null {
    if (this.#seen === undefined) return null;
    const { sequence, digest } = this.#seen;
    return { sequence, digest };
  }

  /** What is written down. */
  get stored(): Pick<TrustState, 'auditHead'> {
    return this.#seen === undefined ? {} : { auditHead: this.#seen };
  }

  /** Takes an end that these keys have signed; true when it goes further than what is known. */
  offer({ sequence, digest }: AuditEnd, signers: readonly string[]): boolean {
    if (sequence <= (this.#seen?.sequence ?? -1)) return false;
    this.#seen = { sequence, digest, signers: [...signers] };
    return true;
  }

  /** What only keys signed that are no time keys any more is forgotten: their thief may have run it up [T-7]. */
  keepOf(timeKeys: readonly string[]): void {
    if (!this.#seen?.signers.some((key) => timeKeys.includes(key))) this.#seen = undefined;
  }
}

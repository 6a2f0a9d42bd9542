import type { Receipt } from '@bellwether/shared/contract/receipt';
import type { Envelope } from '@bellwether/shared/signing/envelope';

/** What a receipt says beside its place in the chain. */
export type ReceiptFacts = Omit<Receipt, 'schema' | 'device' | 'number' | 'previous'>;

/** The device's chain of receipts [T-12]. */
export interface ReceiptChain {
  /**
   * Signs the next link, which is on disk when this resolves: a link that was sent is never made again, not even by a
   * crash. Rejects with Node's own error when it cannot be kept; then nothing was signed. One at a time.
   */
  next(facts: ReceiptFacts): Promise<Envelope>;
}

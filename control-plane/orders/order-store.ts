import type { Order } from '@bellwether/shared/contract/order';
import type { OrderNumber } from './generation.js';

/** The newest order of a device, as it was signed. */
export interface StoredOrder extends OrderNumber {
  readonly device: string;
  /** contentDigest() of it. */
  readonly content: string;
  readonly models: Order['models'];
  readonly envelope: Uint8Array;
  readonly issuedAtMs: number;
}

/** Where orders are kept: one for each device. */
export interface OrderStore {
  all(): StoredOrder[];
  find(device: string): StoredOrder | undefined;
  /** Replaces the device's order if it is still `previous`; false when somebody else was first [T-7]. Resolves when it is durable. */
  compareAndSet(next: StoredOrder, previous: StoredOrder | undefined): Promise<boolean>;
}

import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Device } from './device.js';

/** A join token, of which the server keeps only the digest [T-10]. */
export interface JoinToken {
  readonly id: string;
  /** SHA-256 of the token. */
  readonly digest: string;
  readonly labels: Labels;
  readonly uses: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** Where devices and join tokens are kept. */
export interface FleetStore {
  devices(): Promise<Device[]>;
  insertDevice(device: Device): Promise<void>;
  insertToken(token: JoinToken): Promise<void>;
  findToken(digest: string): Promise<JoinToken | undefined>;
  /** Takes one use of a token that has not expired; false when there is none left. One statement: two devices cannot share the last use. */
  takeUse(tokenId: string, nowMs: number): Promise<boolean>;
}

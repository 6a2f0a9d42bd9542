import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Device } from './device.js';

/** Whether a device that comes by a token is in at once, or waits for an operator who compares its fingerprint [T-10]. */
export type JoinTokenKind = 'auto' | 'approve';

/** A join token, of which the server keeps only the digest [T-10]. */
export interface JoinToken {
  readonly id: string;
  /** SHA-256 of the token. */
  readonly digest: string;
  readonly kind: JoinTokenKind;
  /** Fixed by the token: a device cannot choose its own. */
  readonly labels: Labels;
  readonly uses: number;
  readonly usesLeft: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
}

/** What an operator's decision changes in a device. */
export type DeviceStanding = Pick<Device, 'standing' | 'publicKey' | 'formerKeys' | 'nextKey'>;

/** Where devices and join tokens are kept. */
export interface FleetStore {
  devices(): Promise<Device[]>;
  /** Throws FleetError `key-taken` for an id that is there. */
  insertDevice(device: Device): Promise<void>;
  /** Durable when it resolves. */
  updateStanding(id: string, change: DeviceStanding): Promise<void>;
  insertToken(token: JoinToken): Promise<void>;
  findToken(digest: string): Promise<JoinToken | undefined>;
  /** Newest first. */
  tokens(): Promise<JoinToken[]>;
  /** Takes one use of a token that stands; false when there is none left. One statement: two devices cannot share the last use. */
  takeUse(tokenId: string, nowMs: number): Promise<boolean>;
  /** False when no token has this id. The first revocation counts. */
  revokeToken(tokenId: string, nowMs: number): Promise<boolean>;
}

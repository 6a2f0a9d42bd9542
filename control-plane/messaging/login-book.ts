import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Grant } from '../consumers/grant.js';

/** What is asked about consumers: accounts, and the devices that their grants are about. */
export interface ConsumerDirectory {
  /** Undefined when there is no such account. */
  grantOf(userName: string): Grant | undefined;
  isPassword(userName: string, password: string): boolean;
  /** Undefined for a device that is not in the fleet. */
  labelsOf(device: string): Labels | undefined;
}

/** Who may log in. */
export interface LoginBook {
  /** True when the password is a session's token of this device [T-11]. */
  authenticate(device: string, password: string): Promise<boolean>;
  /** True for a device that is in the fleet by now. */
  isMember(device: string): boolean;
  /** Left out where there are devices only. */
  readonly consumers?: ConsumerDirectory;
}

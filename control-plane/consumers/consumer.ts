import type { Grant } from './grant.js';

/** An account for a program that reads telemetry over MQTT: a dashboard, a data lake, a script. */
export interface Consumer {
  readonly name: string;
  /** SHA-256 of its secret: 192 random bits need no salt. */
  readonly digest: string;
  readonly grant: Grant;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

/** What a consumer may be called. */
export const consumerNamePattern = '^[a-z0-9][a-z0-9-]{0,40}$';

const prefix = 'consumer_';
const consumerUser = /^consumer_([a-z0-9][a-z0-9-]{0,40})$/;

/** Its MQTT user name. No device id has an underscore, so neither can be taken for the other. */
export function userNameOf(name: string): string {
  return prefix + name;
}

/** The consumer that a user name names; undefined when it is none. */
export function consumerNamed(userName: string): string | undefined {
  return consumerUser.exec(userName)?.[1];
}

/**
 * The user name that a client id must belong to; undefined when it is no consumer's. It is the user name itself, or that
 * and `_…` for several connections: with a free choice one consumer could throw another, or a device, off the broker.
 */
export function userOfClientId(clientId: string): string | undefined {
  return /^(consumer_[a-z0-9][a-z0-9-]{0,40})(?:_[A-Za-z0-9-]{1,64})?$/.exec(clientId)?.[1];
}

import type { DeviceTopic } from '@bellwether/shared/contract/topics';
import { CodedError } from '@bellwether/shared/errors';

/** `not-connected`: nothing was sent. `timeout`: the broker did not acknowledge. `closed`: the connection ended meanwhile. */
export type UplinkErrorCode = 'not-connected' | 'timeout' | 'closed';
export class UplinkError extends CodedError<UplinkErrorCode> {}

/** Where the uplink is connected and whether that is encrypted, or in words why it is not. */
export type UplinkStanding =
  | { readonly connected: true; readonly url: string; readonly encrypted: boolean }
  | { readonly connected: false; readonly why: string };

/** What the agent sends and gets, whatever carries it. */
export interface Uplink {
  start(handlers: UplinkHandlers): void;
  /** Publishes the offline presence, then disconnects. May be called twice. */
  stop(): Promise<void>;
  readonly connected: boolean;
  readonly standing: UplinkStanding;
  /**
   * Publishes with QoS 1 and resolves when the broker has taken it; rejects with UplinkError `not-connected`,
   * `timeout` or `closed`, after which it may or may not have arrived: publish it again.
   */
  publish(topic: Exclude<DeviceTopic, 'order' | 'presence'>, payload: Uint8Array): Promise<void>;
}

export interface UplinkHandlers {
  /**
   * The retained order or a new one, as bytes from the network. The broker gets its acknowledgement when this resolves;
   * when it rejects or takes too long, the connection ends and the retained order comes again.
   */
  order(payload: Uint8Array): Promise<void>;
  /** On every (re)connection, after the subscription stands. */
  connected(): void;
  /** On every connection that ended, and on every attempt that failed. */
  disconnected(why: string): void;
}

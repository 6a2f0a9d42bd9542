import type { DeviceTopic } from '@bellwether/shared/contract/topics';
import type { LoginBook } from './login-book.js';

/** What devices send, by the last level of the topic. */
export type Upward = Exclude<DeviceTopic, 'order'>;

/** What the server does with devices and their messages. */
export interface DeviceChannelHandlers extends LoginBook {
  /** A message of a device on its own topic. It is acknowledged when this resolves, and not at all when it rejects [W-6]. */
  accept(device: string, what: Upward, payload: Uint8Array): Promise<void>;
}

/** The way to the devices and back, whatever carries it. */
export interface DeviceChannel {
  /** Listens; throws ListenError. */
  start(handlers: DeviceChannelHandlers): Promise<void>;
  /** Closes every connection. May be called twice. */
  stop(): Promise<void>;
  /** Where devices connect, once started. */
  readonly url: string;
  /** Keeps the order for the device, retained, and sends it if the device is there. */
  publishOrder(device: string, envelope: Uint8Array): Promise<void>;
  /** Keeps a message for whoever subscribes to the topic, and sends it to whoever has; an empty one clears it. */
  publishRetained(topic: string, payload: Uint8Array): Promise<void>;
  /** Ends the device's connection, if it has one. */
  disconnect(device: string): void;
  /** Ends every connection of a consumer account. */
  disconnectConsumer(name: string): void;
}

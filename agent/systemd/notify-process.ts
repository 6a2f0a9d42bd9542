import { spawn } from 'node:child_process';
import type { Log } from '@bellwether/shared/log';

/** What systemd is told (sd_notify(3)). */
export type Notification = 'READY=1' | 'WATCHDOG=1' | 'STOPPING=1';

/** Tells systemd through its own tool: Node has no datagram socket for paths, and a native module would have to be compiled. */
export function notifySystemd(
  notification: Notification,
  environment: Readonly<Record<string, string>>,
  log: Log,
): void {
  const child = spawn('systemd-notify', [notification], { env: environment, stdio: 'ignore' });
  child.once('error', (error) => log.warn({ notification, err: error.message }, 'systemd-notify cannot be run'));
}

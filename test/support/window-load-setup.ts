import type { TokenReply } from '@bellwether/control-plane/http/operator-api';
import { FleetDevice } from './fleet-device.js';
import type { FleetProcesses } from './fleet-process.js';
import type { LoadLogin } from './window-load.js';

/** Devices that may publish to a control plane, and its MQTT port. */
export async function enrolLoad(
  fleet: FleetProcesses,
  devices: number,
): Promise<{ readonly port: number; readonly logins: readonly LoadLogin[] }> {
  const logins: LoadLogin[] = [];
  let port = 0;
  const { token } = await fleet.api<TokenReply>('/tokens', { uses: devices });
  for (let i = 0; i < devices; i++) {
    const device = new FleetDevice(() => fleet.httpUrl, `load-${i}`);
    await device.enrol(token);
    const session = await device.openSession();
    port = Number(new URL(session.mqttUrl).port);
    logins.push({ device: device.id, password: session.token });
  }
  return { port, logins };
}

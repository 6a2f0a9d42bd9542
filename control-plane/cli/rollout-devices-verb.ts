import { type Command, Option } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { RolloutDevice, RolloutDevicePage } from '../http/rollout-api.js';
import type { ServerConnection } from '../publisher/server-http.js';
import { table } from './table.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

interface DevicesOptions extends ServerOptions {
  readonly state?: RolloutDevice['state'];
}

const compiledPage = Compile(RolloutDevicePage);
const states = RolloutDevice.properties.state.enum;

/** `bellwether rollout devices`: the whole list, which `rollout show` cuts short in a large fleet. */
export function addRolloutDevicesVerb(rollout: Command, { terminal }: VerbParts): void {
  withServer(rollout.command('devices'))
    .description('list every device of a rollout and where it stands')
    .argument('<id>', 'its id, as rollout list shows it')
    .addOption(new Option('--state <state>', 'only those in this state').choices(states))
    .action(async (id: string, options: DevicesOptions) => {
      const devices = await everyDevice(await connect(options), id, options.state);
      const rows = devices.map(({ device, state, code, message }) => [device, state, code ?? '', message ?? '']);
      const text = rows.length === 0 ? 'No devices.' : table(['device', 'state', 'code', 'message'], rows);
      print(terminal, options, { value: devices, text });
    });
}

async function everyDevice(
  connection: ServerConnection,
  id: string,
  state: RolloutDevice['state'] | undefined,
): Promise<readonly RolloutDevice[]> {
  const all: RolloutDevice[] = [];
  const path = `/api/v1/rollouts/${encodeURIComponent(id)}/devices?limit=1000${state === undefined ? '' : `&state=${state}`}`;
  let after = '';
  for (;;) {
    const page = await connection.get(`${path}${after}`, compiledPage);
    all.push(...page.devices);
    if (page.next === null) return all;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

import type { Command } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { DeviceList, DeviceView } from '../http/operator-api.js';
import { findDevice, holdsText } from './device-verbs.js';
import { fields } from './table.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

const compiledList = Compile(DeviceList);
const compiledDevice = Compile(DeviceView);

interface PinOptions extends ServerOptions {
  readonly why?: string;
}

/** `bellwether device pin|unpin` */
export function addDevicePinVerbs(device: Command, parts: VerbParts): void {
  withServer(device.command('pin'))
    .description('keep a device at a release whatever rollouts say, or out of all rollouts')
    .argument('<device>', 'its id, or its name where only one has it')
    .argument(
      '<what>',
      'MODEL@VERSION; exclude: every model stays where it is; quarantine: and nothing that it says is evidence',
    )
    .option('--why <text>', 'for the audit log')
    .action((name: string, what: string, options: PinOptions) => {
      return change(
        name,
        { verb: 'pin', body: { what, ...(options.why !== undefined && { why: options.why }) } },
        { options, parts },
      );
    });
  withServer(device.command('unpin'))
    .description('let rollouts reach a device again')
    .argument('<device>', 'its id, or its name where only one has it')
    .argument('[model]', 'the model that is pinned; left out: end an exclusion or a quarantine')
    .action((name: string, model: string | undefined, options: ServerOptions) => {
      return change(name, { verb: 'unpin', body: model === undefined ? {} : { model } }, { options, parts });
    });
}

async function change(
  name: string,
  { verb, body }: { readonly verb: 'pin' | 'unpin'; readonly body: object },
  { options, parts }: { readonly options: ServerOptions; readonly parts: VerbParts },
): Promise<void> {
  const server = await connect(options);
  const { devices } = await server.get('/api/v1/devices', compiledList);
  const device = await server.post(`/api/v1/devices/${findDevice(devices, name).id}/${verb}`, body, compiledDevice);
  const text = fields([
    ['device', device.id],
    ['kept', holdsText(device)],
  ]);
  print(parts.terminal, options, { value: device, text });
}

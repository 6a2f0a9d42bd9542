import type { Command } from 'commander';
import { fingerprintDigits, isFingerprint, leastFingerprintDigits } from '@bellwether/shared/fingerprint';
import { Compile } from '@bellwether/shared/schema';
import { DeviceList, DeviceView } from '../http/operator-api.js';
import { CliError } from './cli-error.js';
import { findDevice } from './device-verbs.js';
import { fields } from './table.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

const compiledList = Compile(DeviceList);
const compiledDevice = Compile(DeviceView);

interface ApproveOptions extends ServerOptions {
  readonly fingerprint?: string;
}

/** `bellwether device approve|reject|decommission|approve-key` */
export function addDeviceDecisionVerbs(device: Command, parts: VerbParts): void {
  withServer(device.command('approve'))
    .description('let a device in that waits, after comparing its fingerprint with `bellwether-agent status` on it')
    .argument('<device>', 'its id, or its name where only one has it')
    .option('--fingerprint <hex>', 'what the device shows, at least 16 digits: anything else is refused')
    .action((name: string, options: ApproveOptions) => decide(name, 'approve', options, parts));
  withServer(device.command('reject'))
    .description('turn a device away that waits')
    .argument('<device>', 'its id, or its name where only one has it')
    .action((name: string, options: ServerOptions) => decide(name, 'reject', options, parts));
  withServer(device.command('decommission'))
    .description('put a device out for ever: its connection ends, and its key is refused from now on')
    .argument('<device>', 'its id, or its name where only one has it')
    .action((name: string, options: ServerOptions) => decide(name, 'decommission', options, parts));
  withServer(device.command('approve-key'))
    .description('let a device go on with the key that it asks for, after comparing fingerprints')
    .argument('<device>', 'its id, or its name where only one has it')
    .option('--fingerprint <hex>', 'what the device shows for its new key: anything else is refused')
    .action((name: string, options: ApproveOptions) => approveKey(name, options, parts));
}

async function approveKey(name: string, options: ApproveOptions, { terminal }: VerbParts): Promise<void> {
  const server = await connect(options);
  const { devices } = await server.get('/api/v1/devices', compiledList);
  const { id, nextFingerprint } = findDevice(devices, name);
  if (nextFingerprint === null) throw new CliError('fingerprint', `${id} does not ask for another key`);
  requireFingerprint({ id, fingerprint: nextFingerprint }, options.fingerprint ?? nextFingerprint);
  const path = `/api/v1/devices/${id}/approve-key`;
  const device = await server.post(path, { fingerprint: nextFingerprint }, compiledDevice);
  const text = fields([
    ['device', device.id],
    ['fingerprint', device.fingerprint],
  ]);
  print(terminal, options, { value: device, text });
}

async function decide(
  name: string,
  decision: 'approve' | 'reject' | 'decommission',
  options: ApproveOptions,
  { terminal }: VerbParts,
): Promise<void> {
  const server = await connect(options);
  const { devices } = await server.get('/api/v1/devices', compiledList);
  const found = findDevice(devices, name);
  if (options.fingerprint !== undefined) requireFingerprint(found, options.fingerprint);
  const device = await server.post(`/api/v1/devices/${found.id}/${decision}`, {}, compiledDevice);
  const text = fields([
    ['device', device.id],
    ['fingerprint', device.fingerprint],
    ['standing', device.standing],
  ]);
  print(terminal, options, { value: device, text });
}

/** Throws CliError `fingerprint` when the device at hand is not the one that the server knows. */
export function requireFingerprint({ id, fingerprint }: Pick<DeviceView, 'id' | 'fingerprint'>, seen: string): void {
  if (isFingerprint(fingerprint, seen)) return;
  const digits = fingerprintDigits(seen);
  if (digits.length < leastFingerprintDigits) {
    throw new CliError('usage', `${digits.length} digits of a fingerprint are too few: give 16 or more`);
  }
  throw new CliError(
    'fingerprint',
    `the server knows ${id} by ${fingerprint}, the device shows ${digits}: do not let it in`,
  );
}

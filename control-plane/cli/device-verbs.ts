import type { Command } from 'commander';
import type { Machine } from '@bellwether/shared/contract/report';
import { Compile } from '@bellwether/shared/schema';
import { AlertList } from '../alerts/alert-api.js';
import { DeviceList, type DeviceView } from '../http/operator-api.js';
import { deviceAlertsText } from './alert-text.js';
import { CliError } from './cli-error.js';
import { fields, table } from './table.js';
import { agoText, labelsText, timeText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

const compiledList = Compile(DeviceList);
const compiledAlerts = Compile(AlertList);

/** `bellwether device …`; answers the group, for more verbs. */
export function addDeviceVerbs(program: Command, parts: VerbParts): Command {
  const device = program.command('device').description('look at the fleet, and decide who is in it');
  withServer(device.command('list'))
    .description('list the devices: what each serves, and how it is')
    .action((options: ServerOptions) => list(options, parts));
  withServer(device.command('show'))
    .description('show one device')
    .argument('<device>', 'its id, or its name where only one has it')
    .action((name: string, options: ServerOptions) => show(name, options, parts));
  return device;
}

async function list(options: ServerOptions, { terminal, clock }: VerbParts): Promise<void> {
  const { devices } = await (await connect(options)).get('/api/v1/devices', compiledList);
  const nowMs = clock.now().wallMs;
  // Whom a person keeps apart is said where there is somebody.
  const isKept = devices.some(({ holds }) => holds.length > 0);
  const rows = devices.map((device) => [
    device.id,
    device.standing === 'approved' ? device.presence : device.standing,
    servesText(device),
    device.report?.state ?? '–',
    device.report?.health ?? '–',
    device.live === null ? '–' : device.live.requestsPerSecond.toFixed(1),
    milliseconds(device.live?.p99Ms ?? null),
    agoText(device.lastSeenMs, nowMs),
    labelsText(device.labels),
    ...(isKept ? [keptText(device)] : []),
  ]);
  const names = ['device', 'presence', 'serves', 'state', 'health', 'req/s', 'p99 ms', 'seen', 'labels'];
  const header = isKept ? [...names, 'kept'] : names;
  print(terminal, options, { value: devices, text: rows.length === 0 ? 'No devices yet.' : table(header, rows) });
}

async function show(name: string, options: ServerOptions, { terminal, clock }: VerbParts): Promise<void> {
  const connection = await connect(options);
  const { devices } = await connection.get('/api/v1/devices', compiledList);
  const device = findDevice(devices, name);
  const { alerts } = await connection.get('/api/v1/alerts', compiledAlerts);
  const { report, ordered, live, slowed } = device;
  const text = fields([
    ['device', device.id],
    ['fingerprint', device.fingerprint],
    ['asks for key', device.nextFingerprint ?? '–'],
    ['standing', `${device.standing}, came by token ${device.tokenId}`],
    ['labels', labelsText(device.labels)],
    ['machine', machineText(report?.machine)],
    ['enrolled', timeText(device.enrolledAtMs)],
    ['presence', `${device.presence}, seen ${agoText(device.lastSeenMs, clock.now().wallMs)}`],
    [
      'ordered',
      ordered === null
        ? '–'
        : `${modelsText(ordered.models)} (epoch ${ordered.epoch}, generation ${ordered.generation})`,
    ],
    ['serves', servesText(device)],
    ['state', report === null ? '–' : `${report.state}, health ${report.health}`],
    ['refused', refusalText(device)],
    ['kept', holdsText(device)],
    ['alerts', deviceAlertsText(device.id, alerts)],
    ...(slowed === null
      ? []
      : [
          [
            'slowed',
            `${slowed.messages} messages waited since ${timeText(slowed.sinceMs)}: it sends too fast`,
          ] as const,
        ]),
    [
      'live',
      live === null
        ? '–'
        : `${live.requestsPerSecond.toFixed(1)} req/s, p50 ${milliseconds(live.p50Ms)} ms, p99 ${milliseconds(live.p99Ms)} ms, CPU ${live.agentCpuPct.toFixed(1)}% + ${live.runnersCpuPct.toFixed(1)}%${live.shed.length === 0 ? '' : `; leaves out ${live.shed.join(', ')} to save CPU`}`,
    ],
    [
      'agent',
      report === null
        ? '–'
        : `${report.agent.version} on ${report.agent.platform} ${report.agent.arch}, accepts ${report.stage}`,
    ],
  ]);
  print(terminal, options, { value: device, text });
}

/** The device with this id, or the only one with this name; throws CliError `device-unknown`. */
export function findDevice(devices: readonly DeviceView[], name: string): DeviceView {
  const found = devices.filter((device) => device.id === name || device.id.replace(/-[0-9a-f]{16}$/, '') === name);
  const [device] = found;
  if (device === undefined) throw new CliError('device-unknown', `there is no device ${name}`);
  if (found.length > 1) {
    throw new CliError(
      'device-unknown',
      `${name} is the name of ${found.length} devices: ${found.map((each) => each.id).join(', ')}`,
    );
  }
  return device;
}

/** What answers a device's calls: `digits@1.0.0, canary 1.1.0 ready`. */
export function servesText({ report }: Pick<DeviceView, 'report'>): string {
  const serving = report?.models.flatMap(({ model, serving, canary }) => {
    if (serving === null) return [];
    const stable = `${model}@${serving.version}${serving.phase === 'probation' ? ' (probation)' : ''}`;
    if (canary === undefined) return [stable];
    // Why a canary gets no calls, where the device says it more exactly.
    return [stable, `canary ${canary.version} ${canary.state}${canary.code === undefined ? '' : ` (${canary.code})`}`];
  });
  return serving === undefined || serving.length === 0 ? '–' : serving.join(', ');
}

function refusalText({ report }: DeviceView): string {
  if (report === null) return '–';
  const refusals = report.models.flatMap(({ model, refusal }) =>
    refusal === null ? [] : `${model}@${refusal.version} ${refusal.code}: ${refusal.message}`,
  );
  if (report.orderRefusal !== null) refusals.push(`order ${report.orderRefusal.code}: ${report.orderRefusal.message}`);
  return refusals.length === 0 ? '–' : refusals.join('; ');
}

function keptText({ holds }: DeviceView): string {
  return holds.map(({ kind, release }) => release ?? kind).join(', ');
}

/** What a person has decided about it. */
export function holdsText({ holds }: DeviceView): string {
  const said = holds.map(({ kind, release, by, why }) => {
    return `${kind}${release === null ? '' : ` to ${release}`} by ${by}${why === null ? '' : `: ${why}`}`;
  });
  return said.length === 0 ? '–' : said.join('; ');
}

function modelsText(models: Readonly<Record<string, string>>): string {
  const releases = Object.entries(models).map(([model, version]) =>
    version.includes('@') ? version : `${model}@${version}`,
  );
  return releases.length === 0 ? 'no model' : releases.join(', ');
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}

function machineText(machine: Machine | undefined): string {
  if (machine === undefined) return '–';
  const { hardware, cpu, cores, memoryBytes, os, kernel } = machine;
  return `${hardware}, ${cores} × ${cpu}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB, ${os}, kernel ${kernel}`;
}
